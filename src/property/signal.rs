//! Signal as one figure for people: ASU, dBm, and bars from 0 to 4.
//!
//! The figures of the LTE and GSM RSSI are VintageNetQMI's to the digit, so that dashboards keep their meaning. Where a
//! modem tells no RSSI, the bars follow from the reference signal, with the borders Android draws them at
//! (`CarrierConfigManager`: `lte_rsrp_thresholds`, `5g_nr_ssrsrp_thresholds`, `wcdma_rscp_thresholds`).

use crate::model::telemetry::Signal;

/// Signal as one figure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overall {
    /// Arbitrary strength units (3GPP TS 27.007 clause 8.5): 0 to 31; 99: not known.
    pub asu: i16,
    /// Strength, dBm: the RSSI, or where there is none the power of the reference signal.
    pub dbm: i16,
    /// Bars, 0 to 4.
    pub bars: u8,
}

/// What "not known" looks like.
pub const UNKNOWN: Overall = Overall { asu: 99, dbm: -113, bars: 0 };

/// Lower borders of one to four bars, dBm.
type Borders = [i16; 4];
const LTE_RSRP: Borders = [-128, -118, -108, -98];
const NR5G_RSRP: Borders = [-110, -90, -80, -65];
const UMTS_RSCP: Borders = [-115, -105, -95, -85];

/// The figure for what is heard. With several technologies it is LTE's, which 5G NSA stands on.
#[must_use]
pub fn overall(signal: &Signal) -> Overall {
    let lte = signal.lte.and_then(|lte| lte.rssi_dbm.map(of_lte_rssi).or(lte.rsrp_dbm.map(|p| of_power(p, LTE_RSRP))));
    let nr5g = || Some(of_power(signal.nr5g?.rsrp_dbm?, NR5G_RSRP));
    let umts = || {
        let umts = signal.umts?;
        umts.rssi_dbm.map(of_gsm_rssi).or(umts.rscp_dbm.map(|p| of_power(p, UMTS_RSCP)))
    };
    let gsm = || signal.gsm_rssi_dbm.map(of_gsm_rssi);
    lte.or_else(nr5g).or_else(umts).or_else(gsm).unwrap_or(UNKNOWN)
}

/// Of an LTE RSSI.
#[must_use]
pub const fn of_lte_rssi(dbm: i16) -> Overall {
    let asu = match dbm {
        ..=-113 => 99,
        -50.. => 31,
        _ => (dbm + 113) / 2,
    };
    let bars = match dbm {
        -64.. => 4,
        -74.. => 3,
        -84.. => 2,
        -112.. => 1,
        _ => 0,
    };
    Overall { asu, dbm, bars }
}

/// Of GSM's ASU: 0 to 30, where 99 is not known; what lies outside is clamped, but reported as it is.
#[must_use]
pub const fn of_gsm_asu(asu: i16) -> Overall {
    let clamped = match asu {
        99 => return Overall { asu, dbm: UNKNOWN.dbm, bars: 0 },
        ..0 => 0,
        31.. => 30,
        _ => asu,
    };
    let bars = match clamped {
        ..=9 => 1,
        10..=14 => 2,
        15..=19 => 3,
        _ => 4,
    };
    Overall { asu, dbm: 2 * clamped - 113, bars }
}

/// Of a GSM or UMTS RSSI: their ASU is half the dB above −113 dBm.
fn of_gsm_rssi(dbm: i16) -> Overall {
    let asu = if dbm < -113 { 99 } else { (dbm + 113) / 2 };
    Overall { dbm, asu: asu.min(31), ..of_gsm_asu(asu) }.known_as(asu)
}

impl Overall {
    const fn known_as(self, asu: i16) -> Self {
        if asu == 99 { Self { asu: 99, ..self } } else { self }
    }
}

fn of_power(dbm: i16, borders: Borders) -> Overall {
    let bars = borders.iter().filter(|border| dbm >= **border).count();
    Overall { asu: UNKNOWN.asu, dbm, bars: u8::try_from(bars).unwrap_or(4) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::telemetry::{LteSignal, NrSignal, UmtsSignal};

    #[test]
    fn sig_1_lte_rssi_as_the_seed_converts_it() {
        // dBm, ASU, bars: measured with the seed.
        let measured = [
            (-200, 99, 0),
            (-114, 99, 0),
            (-113, 99, 0),
            (-112, 0, 1),
            (-111, 1, 1),
            (-110, 1, 1),
            (-86, 13, 1),
            (-85, 14, 1),
            (-84, 14, 2),
            (-76, 18, 2),
            (-75, 19, 2),
            (-74, 19, 3),
            (-66, 23, 3),
            (-65, 24, 3),
            (-64, 24, 4),
            (-53, 30, 4),
            (-52, 30, 4),
            (-51, 31, 4),
            (-50, 31, 4),
            (-49, 31, 4),
            (0, 31, 4),
        ];
        for (dbm, asu, bars) in measured {
            assert_eq!(of_lte_rssi(dbm), Overall { asu, dbm, bars }, "{dbm} dBm");
        }
    }

    #[test]
    fn sig_2_gsm_asu_as_the_seed_converts_it() {
        let measured = [
            (-1, -113, 1),
            (0, -113, 1),
            (1, -111, 1),
            (9, -95, 1),
            (10, -93, 2),
            (14, -85, 2),
            (15, -83, 3),
            (19, -75, 3),
            (20, -73, 4),
            (30, -53, 4),
            (31, -53, 4),
            (32, -53, 4),
            (99, -113, 0),
            (100, -53, 4),
        ];
        for (asu, dbm, bars) in measured {
            assert_eq!(of_gsm_asu(asu), Overall { asu, dbm, bars }, "ASU {asu}");
        }
        // The seed's own tests.
        for (asu, dbm) in [(2, -109), (9, -95), (15, -83), (30, -53), (99, -113), (-100, -113), (31, -53)] {
            assert_eq!(of_gsm_asu(asu).dbm, dbm, "ASU {asu}");
        }
    }

    #[test]
    fn sig_5_every_technology_has_bars() {
        let lte = |rssi_dbm, rsrp_dbm| Signal {
            lte: Some(LteSignal { rssi_dbm, rsrp_dbm, ..Default::default() }),
            ..Default::default()
        };
        let nr = |rsrp_dbm| Signal { nr5g: Some(NrSignal { rsrp_dbm, ..Default::default() }), ..Default::default() };
        let umts = |rssi_dbm, rscp_dbm| Signal {
            umts: Some(UmtsSignal { rssi_dbm, rscp_dbm, ..Default::default() }),
            ..Default::default()
        };
        let gsm = |dbm| Signal { gsm_rssi_dbm: Some(dbm), ..Default::default() };
        for (signal, asu, dbm, bars) in [
            (lte(Some(-70), Some(-120)), 21, -70, 3),
            (lte(None, Some(-97)), 99, -97, 4),
            (lte(None, Some(-98)), 99, -98, 4),
            (lte(None, Some(-99)), 99, -99, 3),
            (lte(None, Some(-118)), 99, -118, 2),
            (lte(None, Some(-128)), 99, -128, 1),
            (lte(None, Some(-129)), 99, -129, 0),
            (nr(Some(-64)), 99, -64, 4),
            (nr(Some(-85)), 99, -85, 2),
            (nr(Some(-111)), 99, -111, 0),
            (umts(Some(-71), Some(-90)), 21, -71, 4),
            (umts(None, Some(-90)), 99, -90, 3),
            (gsm(-95), 9, -95, 1),
            (gsm(-40), 31, -40, 4),
            (gsm(-120), 99, -120, 0),
            (lte(None, None), 99, -113, 0),
            (Signal::default(), 99, -113, 0),
        ] {
            assert_eq!(overall(&signal), Overall { asu, dbm, bars }, "{signal:?}");
        }
        let nsa = Signal { nr5g: nr(Some(-120)).nr5g, ..lte(Some(-60), None) };
        assert_eq!(overall(&nsa).bars, 4, "5G NSA stands on LTE");
    }
}
