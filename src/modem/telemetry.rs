//! Telemetry: signal, cells, bands, counters, time; from answers and, unlike everything else, from indications too.
//!
//! Nothing is decided by these facts, so an indication may be believed where that saves a request. What an indication
//! leaves out it says nothing about: such reports are parts.

use super::clients::Clients;
use super::plain::plain;
use super::role::Role;
use super::translate::in_use;
use crate::model::telemetry::{
    Carrier, Cell, CivilTime, Counters, Location, LteSignal, Neighbour, NetworkTime, NrSignal, Signal, SimReject,
    System, SystemInfo, UmtsSignal,
};
use crate::model::{AccessTechnology, IpFamily, Plmn, Report};
use crate::qmi::plmn::BcdPlmn;
use crate::qmi::{Frame, Indication, Response, nas, wds};

/// What a granted answer tells, for facts that one answer makes up.
pub(super) fn answer(frame: &Frame, family: Option<IpFamily>) -> Option<Report> {
    match frame.key() {
        nas::get_cell_location_info::KEY => cell(&read(frame)?).map(Report::Cell),
        nas::get_rf_band_information::KEY => Some(Report::Band(bands(&read(frame)?))),
        nas::get_system_info::KEY => Some(Report::SystemInfo(system_info(&read(frame)?))),
        nas::get_operator_name::KEY => {
            let names: nas::get_operator_name::Response = read(frame)?;
            let spn = names.service_provider.as_ref().map(|spn| spn.name.as_str());
            operator_name(names.nitz.as_ref(), names.plmn_names.as_deref(), names.operator_string.as_deref(), spn)
                .map(Report::OperatorName)
        }
        nas::get_network_time::KEY => {
            let times: nas::get_network_time::Response = read(frame)?;
            let told = times.time_3gpp.or(times.time_3gpp2)?;
            Some(Report::NetworkTime(network_time(&told.universal, Some(told.time_zone), Some(told.daylight_saving))))
        }
        wds::get_packet_statistics::KEY => {
            let s: wds::get_packet_statistics::Response = read(frame)?;
            let counters = Counters {
                tx_packets: packets(s.tx_packets_ok),
                rx_packets: packets(s.rx_packets_ok),
                tx_errors: packets(s.tx_packets_error),
                rx_errors: packets(s.rx_packets_error),
                tx_overflows: packets(s.tx_overflows),
                rx_overflows: packets(s.rx_overflows),
                tx_bytes: s.tx_bytes_ok,
                rx_bytes: s.rx_bytes_ok,
                tx_drops: packets(s.tx_packets_dropped),
                rx_drops: packets(s.rx_packets_dropped),
            };
            Some(Report::Statistics(family?, counters))
        }
        _ => None,
    }
}

/// What an answer tells beside the fact it was asked for.
pub(super) fn beside(frame: &Frame) -> Vec<Report> {
    if frame.key() != nas::get_serving_system::KEY {
        return Vec::new();
    }
    let Some(s) = read::<nas::get_serving_system::Response>(frame) else { return Vec::new() };
    let time = NetworkTime { utc: None, zone_quarters: s.time_zone, daylight_hours: s.daylight_saving };
    let time = (time != NetworkTime::default()).then_some(Report::NetworkTimePart(time));
    [Report::Location(location(s.lac, s.cid, s.lte_tac))].into_iter().chain(time).collect()
}

/// What an indication tells.
pub(super) fn indication(frame: &Frame, clients: &Clients) -> Vec<Report> {
    match frame.key() {
        nas::serving_system::KEY => {
            let Some(s) = said::<nas::serving_system::Indication>(frame) else { return Vec::new() };
            let utc = s.universal_time.as_ref();
            let utc = utc.and_then(|t| CivilTime::new(t.year, t.month, t.day, t.hour, t.minute, t.second));
            let time = NetworkTime { utc, zone_quarters: s.time_zone, daylight_hours: s.daylight_saving };
            let place = location(s.lac, s.cid, s.lte_tac);
            let time = (time != NetworkTime::default()).then_some(Report::NetworkTimePart(time));
            let place = (place != Location::default()).then_some(Report::LocationPart(place));
            place.into_iter().chain(time).collect()
        }
        nas::signal_info::KEY => {
            let told = said::<nas::signal_info::Indication>(frame).map(|s| signal(&s.signal));
            // One without any technology says that something has changed, not what.
            told.filter(|s| *s != Signal::default()).map(Report::Signal).into_iter().collect()
        }
        nas::operator_name::KEY => {
            let Some(names) = said::<nas::operator_name::Indication>(frame) else { return Vec::new() };
            let spn = names.service_provider.as_ref().map(|spn| spn.name.as_str());
            let (nitz, listed) = (names.nitz.as_ref(), names.plmn_names.as_deref());
            operator_name(nitz, listed, names.operator_string.as_deref(), spn)
                .map(Report::OperatorName)
                .into_iter()
                .collect()
        }
        nas::network_time::KEY => {
            let Some(t) = said::<nas::network_time::Indication>(frame) else { return Vec::new() };
            let time = t.universal_time.as_ref().map(|utc| network_time(utc, t.time_zone, t.daylight_saving));
            time.map(Report::NetworkTime).into_iter().collect()
        }
        wds::event_report::KEY => statistics(frame, clients).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The cause with which the network refused us, as it was indicated.
pub(super) fn refusal(frame: &Frame) -> Option<u16> {
    if frame.key() != nas::network_reject::KEY {
        return None;
    }
    said::<nas::network_reject::Indication>(frame)?.cause.map(|cause| u8::from(cause).into())
}

fn statistics(frame: &Frame, clients: &Clients) -> Option<Report> {
    let s = said::<wds::event_report::Indication>(frame)?;
    let family = match (clients.role(frame.service, frame.client), s.address_family) {
        (Some(Role::Wds(family)), _) => family,
        (_, Some(4)) => IpFamily::Ipv4,
        (_, Some(6)) => IpFamily::Ipv6,
        _ => return None,
    };
    let counters = Counters {
        tx_packets: packets(s.tx_packets_ok),
        rx_packets: packets(s.rx_packets_ok),
        tx_errors: packets(s.tx_packets_error),
        rx_errors: packets(s.rx_packets_error),
        tx_overflows: packets(s.tx_overflows),
        rx_overflows: packets(s.rx_overflows),
        tx_bytes: s.tx_bytes_ok,
        rx_bytes: s.rx_bytes_ok,
        tx_drops: packets(s.tx_packets_dropped),
        rx_drops: packets(s.rx_packets_dropped),
    };
    (counters != Counters::default()).then_some(Report::Statistics(family, counters))
}

/// All ones: the modem does not count these. The seed says 0 of them, and so do we.
fn packets(count: Option<u32>) -> Option<u64> {
    count.map(|count| if count == u32::MAX { 0 } else { count.into() })
}

/// Signal by technology, from Get Signal Info or its indication.
pub(super) fn signal(s: &nas::Signal) -> Signal {
    let tenths = |half_db_steps: i16| half_db_steps.saturating_mul(-5);
    let umts = s.wcdma.as_ref().map(|w| UmtsSignal {
        rssi_dbm: measured8(w.rssi_dbm),
        rscp_dbm: s.wcdma_rscp_dbm.and_then(measured),
        ecio_tenth_db: measured(w.ecio).map(tenths),
    });
    let lte = s.lte.as_ref().map(|lte| LteSignal {
        rssi_dbm: measured8(lte.rssi_dbm),
        rsrp_dbm: measured(lte.rsrp_dbm),
        rsrq_db: measured8(lte.rsrq_db),
        sinr_tenth_db: measured(lte.snr_tenth_db),
    });
    let quality = s.nr5g_rsrq_db.and_then(measured);
    let nr5g = s.nr5g.as_ref().map(|nr| NrSignal {
        rsrp_dbm: measured(nr.rsrp_dbm),
        rsrq_db: quality,
        sinr_tenth_db: measured(nr.snr_tenth_db),
    });
    // A block of nothing but "not measured" is no signal: modems send one beside LTE where there is no 5G.
    Signal {
        gsm_rssi_dbm: s.gsm_rssi_dbm.and_then(measured8),
        umts: umts.filter(|u| *u != UmtsSignal::default()),
        lte: lte.filter(|l| *l != LteSignal::default()),
        nr5g: nr5g.filter(|n| *n != NrSignal::default()),
    }
}

/// Signal by technology, from the older Get Signal Strength: lists in any order, one entry for each radio interface.
pub(super) fn signal_strength(s: &nas::get_signal_strength::Response) -> Signal {
    use nas::RadioInterface as R;
    let rssi = |radio: R| {
        let listed = s.rssi.iter().flatten().find(|entry| entry.radio_interface == radio);
        let strength = s.strengths.iter().flatten().chain(&s.strength).find(|entry| entry.radio_interface == radio);
        listed.map(|entry| -i16::from(entry.minus_dbm)).or(strength.map(|entry| entry.dbm.into()))
    };
    let ecio = s.ecio.iter().flatten().find(|entry| entry.radio_interface == R::Umts);
    let umts = UmtsSignal {
        rssi_dbm: rssi(R::Umts),
        rscp_dbm: None,
        ecio_tenth_db: ecio.map(|entry| i16::from(entry.ecio) * -5),
    };
    let lte = LteSignal {
        rssi_dbm: rssi(R::Lte),
        rsrp_dbm: s.lte_rsrp_dbm.and_then(measured),
        rsrq_db: s.rsrq.as_ref().filter(|rsrq| rsrq.radio_interface == R::Lte).map(|rsrq| rsrq.db.into()),
        sinr_tenth_db: s.lte_snr_tenth_db.and_then(measured),
    };
    let nr5g = NrSignal { rsrp_dbm: rssi(R::Nr5g), ..NrSignal::default() };
    Signal {
        gsm_rssi_dbm: rssi(R::Gsm),
        umts: (umts != UmtsSignal::default()).then_some(umts),
        lte: (lte != LteSignal::default()).then_some(lte),
        nr5g: (nr5g != NrSignal::default()).then_some(nr5g),
    }
}

/// −32768 stands for "not measured".
fn measured(value: i16) -> Option<i16> {
    (value != i16::MIN).then_some(value)
}

/// The same in eight bits.
fn measured8(value: i8) -> Option<i16> {
    (value != i8::MIN).then_some(value.into())
}

fn location(lac: Option<u16>, cid: Option<u32>, tac: Option<u16>) -> Location {
    // 0000 and FFFE are no location area (3GPP TS 23.003 clause 4.1); all ones: not told.
    let area = |area: &u16| !matches!(area, 0 | 0xFFFE | 0xFFFF);
    Location { lac: lac.filter(area), cid: cid.filter(|cid| *cid != u32::MAX), tac: tac.filter(area) }
}

fn network_time(utc: &nas::DatedTime, zone: Option<i8>, daylight: Option<nas::DaylightSaving>) -> NetworkTime {
    NetworkTime {
        utc: CivilTime::new(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second),
        zone_quarters: zone,
        daylight_hours: daylight.and_then(|saving| match saving {
            nas::DaylightSaving::None => Some(0),
            nas::DaylightSaving::OneHour => Some(1),
            nas::DaylightSaving::TwoHours => Some(2),
            nas::DaylightSaving::Unknown(_) => None,
        }),
    }
}

/// The name the network gave itself, else the operator's from the card's lists, else the card's own provider.
fn operator_name(
    nitz: Option<&nas::PlmnName>,
    listed: Option<&[nas::PlmnName]>,
    cphs: Option<&str>,
    spn: Option<&str>,
) -> Option<String> {
    let of = |name: &nas::PlmnName| [name.long_text(), name.short_text()].into_iter().find(|text| !text.is_empty());
    let nitz = nitz.and_then(of);
    let listed = || listed.and_then(|names| names.iter().find_map(of));
    let told = |text: Option<&str>| text.map(str::to_owned).filter(|text| !text.is_empty());
    nitz.or_else(listed).or_else(|| told(cphs)).or_else(|| told(spn)).map(|name| plain(&name))
}

fn bands(response: &nas::get_rf_band_information::Response) -> Vec<Carrier> {
    let wide = response.extended.iter().flatten().map(|b| (b.radio_interface, b.band, b.channel));
    let narrow = response.bands.iter().flatten().map(|b| (b.radio_interface, b.band, b.channel.into()));
    // The extended list has room for channels beyond 65535; where it is, the other is the same, cut off.
    let list: Vec<_> = if response.extended.is_some() { wide.collect() } else { narrow.collect() };
    let widths = response.bandwidths.as_deref().unwrap_or_default();
    let mut carriers: Vec<Carrier> = list
        .into_iter()
        .filter_map(|(radio, band, channel)| {
            let width = widths.iter().find(|width| width.radio_interface == radio);
            Some(Carrier {
                technology: in_use(&[radio]).iter().next()?,
                band: band.to_string(),
                channel,
                bandwidth_khz: width.and_then(|width| khz(width.bandwidth)),
            })
        })
        .collect();
    // With 5G NSA the LTE carrier is the anchor, whatever the order.
    carriers.sort_by_key(|carrier| carrier.technology != AccessTechnology::Lte);
    carriers
}

fn khz(width: nas::Bandwidth) -> Option<u32> {
    use nas::Bandwidth as B;
    Some(match width {
        B::Gsm0_2 => 200,
        B::Lte1_4 => 1_400,
        B::TdScdma1_6 => 1_600,
        B::Lte3 => 3_000,
        B::Lte5 | B::Nr5 | B::Wcdma5 => 5_000,
        B::Lte10 | B::Nr10 | B::Wcdma10 => 10_000,
        B::Lte15 | B::Nr15 => 15_000,
        B::Lte20 | B::Nr20 => 20_000,
        B::Nr25 => 25_000,
        B::Nr30 => 30_000,
        B::Nr40 => 40_000,
        B::Nr50 => 50_000,
        B::Nr60 => 60_000,
        B::Nr70 => 70_000,
        B::Nr80 => 80_000,
        B::Nr90 => 90_000,
        B::Nr100 => 100_000,
        B::Nr200 => 200_000,
        B::Nr400 => 400_000,
        B::Unspecified | B::Unknown(_) => return None,
    })
}

fn cell(r: &nas::get_cell_location_info::Response) -> Option<Cell> {
    lte_cell(r).or_else(|| nr_cell(r)).or_else(|| umts_cell(r)).or_else(|| gsm_cell(r))
}

fn lte_cell(r: &nas::get_cell_location_info::Response) -> Option<Cell> {
    let lte = r.lte_intrafrequency.as_ref()?;
    let channel = r.lte_intra_earfcn.unwrap_or(lte.earfcn.into());
    let heard = |channel: u32, cell: &nas::LteCell| Neighbour {
        technology: AccessTechnology::Lte,
        channel,
        physical_id: cell.pci,
        power_tenth_dbm: cell.rsrp_tenth_dbm,
        quality_tenth_db: cell.rsrq_tenth_db,
    };
    let same = lte.cells.iter().filter(|cell| cell.pci != lte.serving_pci).map(|cell| heard(channel, cell));
    let others = r.lte_interfrequency.iter().flat_map(|inter| &inter.frequencies).enumerate();
    let wide = r.lte_inter_earfcns.as_deref().unwrap_or_default();
    let others = others.flat_map(|(at, frequency)| {
        let channel = wide.get(at).copied().unwrap_or(frequency.earfcn.into());
        frequency.cells.iter().map(move |cell| heard(channel, cell))
    });
    Some(Cell {
        technology: AccessTechnology::Lte,
        plmn: network(lte.plmn),
        area: Some(lte.tac.into()),
        cell_id: Some(lte.global_cell_id.into()),
        physical_id: Some(lte.serving_pci),
        channel: Some(channel),
        neighbours: same.chain(others).collect(),
    })
}

fn nr_cell(r: &nas::get_cell_location_info::Response) -> Option<Cell> {
    let nr = r.nr5g_cell.as_ref()?;
    Some(Cell {
        technology: AccessTechnology::Nr5g,
        plmn: network(nr.plmn),
        area: Some(nr.tac),
        cell_id: Some(nr.global_cell_id),
        physical_id: Some(nr.pci),
        channel: r.nr5g_arfcn,
        neighbours: Vec::new(),
    })
}

fn umts_cell(r: &nas::get_cell_location_info::Response) -> Option<Cell> {
    let umts = r.umts.as_ref()?;
    let neighbours = umts.cells.iter().map(|cell| Neighbour {
        technology: AccessTechnology::Umts,
        channel: cell.uarfcn.into(),
        physical_id: cell.psc,
        power_tenth_dbm: cell.rscp_dbm.saturating_mul(10),
        quality_tenth_db: cell.ecio_db.saturating_mul(10),
    });
    Some(Cell {
        technology: AccessTechnology::Umts,
        plmn: network(umts.plmn),
        area: Some(umts.lac.into()),
        // The block has room for the lower half only.
        cell_id: Some(r.umts_cell_id.unwrap_or(umts.cell_id.into()).into()),
        physical_id: Some(umts.psc),
        channel: Some(umts.uarfcn.into()),
        neighbours: neighbours.collect(),
    })
}

fn gsm_cell(r: &nas::get_cell_location_info::Response) -> Option<Cell> {
    let gsm = r.geran.as_ref()?;
    Some(Cell {
        technology: AccessTechnology::Gsm,
        plmn: network(gsm.plmn),
        area: Some(gsm.lac.into()),
        cell_id: (gsm.cell_id != u32::MAX).then_some(gsm.cell_id.into()),
        physical_id: Some(gsm.bsic.into()),
        channel: Some(gsm.arfcn.into()),
        neighbours: Vec::new(),
    })
}

fn network(plmn: BcdPlmn) -> Option<Plmn> {
    let (mcc, mnc) = plmn.digits()?;
    Some(Plmn { mcc: mcc.parse().ok()?, mnc: mnc.parse().ok()?, three_digit_mnc: mnc.len() == 3 })
}

fn system_info(r: &nas::get_system_info::Response) -> SystemInfo {
    use AccessTechnology as T;
    let lte = r.lte_system.as_ref().map(|lte| (&lte.common, lte.tac.map(u32::from)));
    let nr = r.nr5g_system.as_ref().map(|nr| (&nr.common, r.nr5g_tac.or(nr.tac.map(u32::from))));
    let told = [
        (T::Nr5g, r.nr5g_service.as_ref(), nr),
        (T::Lte, r.lte_service.as_ref(), lte),
        (T::Umts, r.wcdma_service.as_ref(), r.wcdma_system.as_ref().map(|umts| (&umts.common, None))),
        (T::Gsm, r.gsm_service.as_ref(), r.gsm_system.as_ref().map(|gsm| (&gsm.common, None))),
    ];
    let restriction = r.registration_restriction;
    SystemInfo {
        systems: told.into_iter().filter_map(|(t, service, told)| system(t, service, told)).collect(),
        restricted: restriction.is_some_and(|r| r != nas::RegistrationRestriction::Unrestricted),
        sim_reject: r.sim_reject.map(sim_reject),
        endc_available: r.endc_available,
    }
}

fn system(
    technology: AccessTechnology,
    service: Option<&nas::RadioService>,
    told: Option<(&nas::SystemInfo, Option<u32>)>,
) -> Option<System> {
    if service.is_none() && told.is_none() {
        return None;
    }
    let serves = |service: &nas::RadioService| {
        !matches!(service.status, nas::ServiceStatus::None | nas::ServiceStatus::PowerSave)
    };
    let (common, tac) = told.unzip();
    let network = common.and_then(|common| common.network.as_ref());
    Some(System {
        technology,
        serves: service.is_some_and(serves),
        roaming: common.and_then(|c| c.roaming).map(|roaming| roaming != nas::RoamingStatus::Home),
        forbidden: common.and_then(|c| c.forbidden),
        lac: location(common.and_then(|c| c.lac), None, None).lac,
        tac: tac.flatten(),
        cell_id: common.and_then(|c| c.cid).filter(|cid| *cid != u32::MAX),
        reject: common.and_then(|c| c.reject.as_ref()).map(|reject| u8::from(reject.cause).into()),
        mcc: network.map(|n| n.mcc.as_str().to_owned()).unwrap_or_default(),
        mnc: network.map(|n| n.mnc.as_str().to_owned()).unwrap_or_default(),
    })
}

fn sim_reject(state: nas::SimReject) -> SimReject {
    match state {
        nas::SimReject::Unavailable => SimReject::NotAvailable,
        nas::SimReject::Available => SimReject::Available,
        nas::SimReject::CsInvalid => SimReject::CsInvalid,
        nas::SimReject::PsInvalid => SimReject::PsInvalid,
        nas::SimReject::CsPsInvalid => SimReject::CsPsInvalid,
        nas::SimReject::Unknown(_) => SimReject::Unknown,
    }
}

fn read<R: Response>(frame: &Frame) -> Option<R> {
    R::decode(frame).ok()?.ok()
}

fn said<I: Indication>(frame: &Frame) -> Option<I> {
    I::decode(frame).ok()
}
