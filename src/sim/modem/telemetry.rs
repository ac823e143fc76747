//! What a modem tells of signal, cells, bands, time and traffic: differently on each technology, and the same again for
//! the same seed at the same moment.

use std::time::Duration;

use super::calls::family_of;
use super::radio::Registration;
use super::serving::{TAC, Technology, name_of};
use super::{Due, SimModem};
use crate::model::Instant;
use crate::qmi::ProtocolError as E;
use crate::qmi::nas::{self, RadioInterface};
use crate::qmi::plmn::BcdPlmn;
use crate::qmi::wds::{self, StatisticsMask as Counter};
use crate::qmi::{Answer, Service};
use crate::sim::profile::{Strength, digits};
use crate::sim::random::mix;

use super::answer::no;

/// Days from 1970-01-01 to the first day of the simulated calendar, 2024-01-01.
const FIRST_DAY: u64 = 19_723;

impl SimModem {
    /// Signal wanders slowly, differently for each device. Nothing while there is no cell.
    pub(super) fn signal(&self, now: Instant) -> nas::Signal {
        let Some(technology) = self.radio.technology() else { return nas::Signal::default() };
        let imei: u64 = self.profile.imei.parse().unwrap_or(0);
        let wander = (mix(imei ^ (now.as_millis() / 10_000)) % 9) as i16 - 4;
        let Strength { rssi_dbm, rsrp_dbm } =
            self.network().strength.unwrap_or(Strength { rssi_dbm: (-63 + wander) as i8, rsrp_dbm: -93 + wander });
        let lte = nas::LteSignal { rssi_dbm, rsrq_db: -10, rsrp_dbm, snr_tenth_db: 140 + 10 * wander };
        let nr = nas::NrSignal { rsrp_dbm: rsrp_dbm.saturating_sub(5), snr_tenth_db: 120 + 10 * wander };
        match technology {
            Technology::Gsm => nas::Signal { gsm_rssi_dbm: Some(rssi_dbm), ..Default::default() },
            Technology::Umts => {
                let wcdma = nas::EcioSignal { rssi_dbm, ecio: 14 };
                let wcdma_rscp_dbm = Some(rsrp_dbm);
                nas::Signal { wcdma: Some(wcdma), wcdma_rscp_dbm, ..Default::default() }
            }
            Technology::Lte => nas::Signal { lte: Some(lte), ..Default::default() },
            Technology::LteAndNr => {
                nas::Signal { lte: Some(lte), nr5g: Some(nr), nr5g_rsrq_db: Some(-11), ..Default::default() }
            }
            Technology::Nr => nas::Signal { nr5g: Some(nr), nr5g_rsrq_db: Some(-11), ..Default::default() },
        }
    }

    /// The older way to tell it: lists with an entry for each radio interface, what is not in use among them.
    pub(super) fn signal_strength(&self, now: Instant) -> Answer<nas::get_signal_strength::Response> {
        let signal = self.signal(now);
        let of = |dbm: i8, radio_interface| nas::Strength { dbm, radio_interface };
        let strengths: Vec<nas::Strength> = [
            signal.gsm_rssi_dbm.map(|dbm| of(dbm, RadioInterface::Gsm)),
            signal.wcdma.as_ref().map(|w| of(w.rssi_dbm, RadioInterface::Umts)),
            signal.lte.as_ref().map(|lte| of(lte.rssi_dbm, RadioInterface::Lte)),
        ]
        .into_iter()
        .flatten()
        .collect();
        let Some(first) = strengths.first().cloned() else { return Err(no(E::InformationUnavailable)) };
        let rssi =
            |s: &nas::Strength| nas::Rssi { minus_dbm: s.dbm.unsigned_abs(), radio_interface: s.radio_interface };
        let lte = signal.lte;
        Ok(nas::get_signal_strength::Response {
            strength: Some(first),
            rssi: Some(strengths.iter().map(rssi).collect()),
            rsrq: lte.as_ref().map(|lte| nas::Rsrq { db: lte.rsrq_db, radio_interface: RadioInterface::Lte }),
            lte_snr_tenth_db: lte.as_ref().map(|lte| lte.snr_tenth_db),
            lte_rsrp_dbm: lte.as_ref().map(|lte| lte.rsrp_dbm),
            ..Default::default()
        })
    }

    pub(super) fn tell_signal(&mut self, now: Instant) {
        let signal = self.signal(now);
        self.indicate(&nas::signal_info::Indication { signal, ..Default::default() }, |client| client.signal_info);
    }

    /// Bands in use: one, two with 5G beside LTE, none where the firmware does not tell.
    pub(super) fn bands(&self) -> Answer<nas::get_rf_band_information::Response> {
        let technology = self.radio.technology().ok_or_else(|| no(E::InformationUnavailable))?;
        let lte = (RadioInterface::Lte, nas::ActiveBand::from_lte(3), 1_300, nas::Bandwidth::Lte20);
        let nr = (RadioInterface::Nr5g, nas::ActiveBand::from_nr5g(78), 630_000, nas::Bandwidth::Nr100);
        let used = match technology {
            _ if !self.personality.tells_bands => Vec::new(),
            Technology::Gsm => vec![(RadioInterface::Gsm, Some(nas::ActiveBand(45)), 62, nas::Bandwidth::Gsm0_2)],
            Technology::Umts => vec![(RadioInterface::Umts, Some(nas::ActiveBand(80)), 10_700, nas::Bandwidth::Wcdma5)],
            Technology::Lte => vec![lte],
            // The order says nothing of which is the anchor.
            Technology::LteAndNr => vec![nr, lte],
            Technology::Nr => vec![nr],
        };
        let mut response = nas::get_rf_band_information::Response {
            bands: Some(Vec::new()),
            extended: Some(Vec::new()),
            bandwidths: Some(Vec::new()),
            ..Default::default()
        };
        for (radio_interface, band, channel, bandwidth) in used {
            let band = band.unwrap_or_default();
            // The older list has room for the lower half of a channel number only.
            let short = nas::RfBand { radio_interface, band, channel: channel as u16 };
            response.bands.get_or_insert_default().push(short);
            response.extended.get_or_insert_default().push(nas::ExtendedRfBand { radio_interface, band, channel });
            response.bandwidths.get_or_insert_default().push(nas::RfBandwidth { radio_interface, bandwidth });
        }
        Ok(response)
    }

    pub(super) fn cell(&self, now: Instant) -> Answer<nas::get_cell_location_info::Response> {
        let Registration::Registered { technology, plmn, .. } = self.radio.registration() else {
            return Err(no(E::InformationUnavailable));
        };
        let (mcc, mnc) = digits(plmn);
        let plmn = BcdPlmn::new(&mcc, &mnc);
        let signal = self.signal(now);
        let cell_id = self.network().cell;
        match technology {
            Technology::Gsm => Ok(nas::get_cell_location_info::Response {
                geran: Some(nas::GeranInfo {
                    cell_id: cell_id & 0xFFFF,
                    plmn,
                    lac: LAC,
                    arfcn: 62,
                    bsic: 20,
                    timing_advance: u32::MAX,
                    rx_level: 40,
                    cells: Vec::new(),
                }),
                ..Default::default()
            }),
            Technology::Umts => Ok(nas::get_cell_location_info::Response {
                umts: Some(nas::UmtsInfo {
                    cell_id: cell_id as u16,
                    plmn,
                    lac: LAC,
                    uarfcn: 10_700,
                    psc: 301,
                    rscp_dbm: signal.wcdma_rscp_dbm.unwrap_or(-100),
                    ecio_db: -7,
                    cells: vec![nas::UmtsCell { uarfcn: 10_700, psc: 302, rscp_dbm: -105, ecio_db: -12 }],
                    gsm_cells: Vec::new(),
                }),
                umts_cell_id: Some(cell_id),
                ..Default::default()
            }),
            Technology::Lte | Technology::LteAndNr => Ok(lte_cells(plmn, cell_id, &signal)),
            Technology::Nr => Ok(nas::get_cell_location_info::Response {
                nr5g_arfcn: Some(630_000),
                nr5g_cell: signal.nr5g.map(|nr| nas::NrCell {
                    plmn,
                    tac: u32::from(TAC),
                    global_cell_id: u64::from(cell_id) << 4,
                    pci: 501,
                    rsrq_tenth_db: -110,
                    rsrp_tenth_dbm: nr.rsrp_dbm.saturating_mul(10),
                    snr_tenth_db: nr.snr_tenth_db,
                }),
                ..Default::default()
            }),
        }
    }

    /// Names: the card's provider, and once a network serves us the name it gives itself, in UCS-2 as most do.
    pub(super) fn operator_names(&self) -> Answer<nas::get_operator_name::Response> {
        let card = self.ready_card().ok_or_else(|| no(E::NotProvisioned))?;
        let display = nas::DisplayCondition::REGISTERED_PLMN_IF_KNOWN;
        let spn = nas::ServiceProviderName { display, name: card.provider_name.clone() };
        let nitz = self.nitz_name();
        Ok(nas::get_operator_name::Response { service_provider: Some(spn), nitz, ..Default::default() })
    }

    fn nitz_name(&self) -> Option<nas::PlmnName> {
        let Registration::Registered { plmn, attached: true, .. } = self.radio.registration() else { return None };
        let long = name_of(plmn).encode_utf16().flat_map(u16::to_le_bytes).collect();
        Some(nas::PlmnName { encoding: nas::NameEncoding::Ucs2, long, ..nas::PlmnName::default() })
    }

    /// A network tells its name and the time when a modem attaches.
    pub(super) fn tell_nitz(&mut self, now: Instant) {
        let nitz = self.nitz_name();
        let name = nas::operator_name::Indication { nitz, ..Default::default() };
        self.indicate(&name, |client| client.plmn_name);
        let time = nas::network_time::Indication {
            universal_time: Some(dated(now)),
            time_zone: Some(self.network().zone_quarters),
            daylight_saving: Some(self.network().daylight_hours.into()),
            ..Default::default()
        };
        self.indicate(&time, |client| client.network_time);
    }

    pub(super) fn network_time(&self, now: Instant) -> Answer<nas::get_network_time::Response> {
        if !self.radio.attached() {
            return Err(no(E::InformationUnavailable));
        }
        let time = nas::NetworkTime {
            universal: dated(now),
            time_zone: self.network().zone_quarters,
            daylight_saving: self.network().daylight_hours.into(),
            radio_interface: RadioInterface::Lte,
        };
        Ok(nas::get_network_time::Response { time_3gpp: Some(time), ..Default::default() })
    }

    /// Moves to another cell of the same network. The indication says what has changed and no more.
    pub(super) fn handover(&mut self, cell: u32) {
        self.profile.network.cell = cell;
        if self.radio.technology().is_none() {
            return;
        }
        let serving_system = self.serving_system().serving_system;
        let indication = nas::serving_system::Indication { serving_system, cid: Some(cell), ..Default::default() };
        self.indicate(&indication, |client| client.serving_system);
    }

    /// A client wants its counters reported, or no longer.
    pub(super) fn report_statistics(&mut self, client: u8, asked: wds::StatisticsReport, now: Instant) {
        let wanted = (asked.interval_s > 0 && !asked.counters.is_empty()).then_some(asked);
        self.clients.with(Service::Wds, client, |client| client.statistics = wanted);
        self.schedule_statistics(client, now);
    }

    /// Clients that want the counters of sessions get them from now on.
    pub(super) fn start_statistics(&mut self, now: Instant) {
        let clients: Vec<u8> = self.clients.of(Service::Wds).map(|(id, _)| id).collect();
        for client in clients {
            self.schedule_statistics(client, now);
        }
    }

    fn schedule_statistics(&mut self, client: u8, now: Instant) {
        self.schedule.retain(|due| !matches!(due, Due::Statistics(id) if *id == client));
        let asked = self.clients.get(Service::Wds, client);
        let Some((report, family)) = asked.and_then(|c| Some((c.statistics.clone()?, family_of(c.family)))) else {
            return;
        };
        if self.call(family).is_some() {
            let interval = Duration::from_secs(report.interval_s.into());
            self.schedule.at(now + interval, Due::Statistics(client));
        }
    }

    /// Reports the counters that a client wants and that have moved; the others it leaves out.
    pub(super) fn statistics_due(&mut self, client: u8, now: Instant) {
        let asked = self.clients.get(Service::Wds, client);
        let Some((report, wire)) = asked.and_then(|c| Some((c.statistics.clone()?, c.family))) else { return };
        let Some((tx, rx)) = self.call(family_of(wire)).map(|call| call.bytes(now)) else { return };
        let moved = |counter: Counter, value: u64| (report.counters.contains(counter) && value > 0).then_some(value);
        let indication = wds::event_report::Indication {
            tx_packets_ok: moved(Counter::TX_PACKETS_OK, tx / 100).map(|count| count as u32),
            rx_packets_ok: moved(Counter::RX_PACKETS_OK, rx / 600).map(|count| count as u32),
            tx_bytes_ok: moved(Counter::TX_BYTES_OK, tx),
            rx_bytes_ok: moved(Counter::RX_BYTES_OK, rx),
            address_family: Some(u8::from(wire).into()),
            ..Default::default()
        };
        self.indicate_to(&indication, client);
        self.schedule_statistics(client, now);
    }
}

/// Location area of the simulated networks before LTE.
const LAC: u16 = 0xBF5D;

fn lte_cells(plmn: BcdPlmn, cell_id: u32, signal: &nas::Signal) -> nas::get_cell_location_info::Response {
    let heard = |pci: u16, weaker_db: i16| {
        let lte = signal.lte.clone().unwrap_or_default();
        nas::LteCell {
            pci,
            rsrq_tenth_db: (i16::from(lte.rsrq_db) - weaker_db / 2) * 10,
            rsrp_tenth_dbm: lte.rsrp_dbm.saturating_sub(weaker_db).saturating_mul(10),
            rssi_tenth_dbm: (i16::from(lte.rssi_dbm) - weaker_db) * 10,
            rx_level: 26 - weaker_db,
        }
    };
    let inter = nas::LteFrequency { earfcn: 6_300, cells: vec![heard(77, 12)], ..nas::LteFrequency::default() };
    nas::get_cell_location_info::Response {
        lte_timing_advance_us: Some(12),
        lte_intrafrequency: Some(nas::LteIntrafrequency {
            plmn,
            tac: TAC,
            global_cell_id: cell_id,
            earfcn: 1_300,
            serving_pci: 101,
            cells: vec![heard(101, 0), heard(102, 8)],
            ..nas::LteIntrafrequency::default()
        }),
        lte_interfrequency: Some(nas::LteInterfrequency { idle: true, frequencies: vec![inter] }),
        lte_intra_earfcn: Some(1_300),
        ..Default::default()
    }
}

/// The simulated calendar begins with the simulation.
fn dated(now: Instant) -> nas::DatedTime {
    let seconds = now.as_millis() / 1000;
    let (day, of_day) = (FIRST_DAY + seconds / 86_400, seconds % 86_400);
    let (year, month, date) = civil(day);
    nas::DatedTime {
        year,
        month,
        day: date,
        hour: (of_day / 3600) as u8,
        minute: (of_day / 60 % 60) as u8,
        second: (of_day % 60) as u8,
        // 1970-01-01 was a Thursday.
        day_of_week: (((day + 3) % 7) as u8).into(),
    }
}

/// The date of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
fn civil(mut day: u64) -> (u16, u8, u8) {
    let mut year = 1970_u16;
    let leap = |year: u16| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = |year: u16| if leap(year) { 366 } else { 365 };
    while day >= days(year) {
        day -= days(year);
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (year, month, day as u8 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_the_ordinary_one() {
        assert_eq!(civil(FIRST_DAY), (2024, 1, 1));
        assert_eq!(civil(FIRST_DAY + 59), (2024, 2, 29));
        assert_eq!(civil(FIRST_DAY + 366), (2025, 1, 1));
        assert_eq!(dated(Instant::from_secs(86_400 + 3_661)).hour, 1);
        assert_eq!(dated(Instant::ZERO).day_of_week, nas::DayOfWeek::Monday);
    }
}
