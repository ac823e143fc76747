//! The catalogue of properties, sorted by name. A new property is an entry here, and nothing anywhere else.
//!
//! An entry says what a property is and how it is read; [`View`] gives only facts that are fresh, and
//! [`super::values`] nothing whose [`Lifetime`] is over.

use super::Lifetime::{Card, Configured, Link, Modem, Service, Session};
use super::readings::*;
use super::{Kind, Lifetime, Property, Value, View};
use crate::model::{AccessTechnology, Fact, FactSet, IpFamily, OperatingMode, Registration, SimState};

const SIGNAL: FactSet = FactSet::of(&[Fact::Signal]);
const CELL: FactSet = FactSet::of(&[Fact::Cell]);
const BAND: FactSet = FactSet::of(&[Fact::Band]);
const SYSTEMS: FactSet = FactSet::of(&[Fact::SystemInfo]);
const NAME: FactSet = FactSet::of(&[Fact::OperatorName]);
const TIME: FactSet = FactSet::of(&[Fact::NetworkTime]);
const COUNTERS: FactSet = FactSet::of(&[Fact::StatisticsIpv4, Fact::StatisticsIpv6]);

type Read = fn(View<'_>) -> Option<Value>;

/// Every property there is.
pub const CATALOGUE: &[Property] = &[
    list("addresses", Link, "Addresses on the interface, each with its prefix length.", |v| {
        let ip = &v.link()?.ip;
        let ipv4 = ip.ipv4.map(|s| format!("{}/{}", s.address, s.prefix));
        let ipv6 = ip.ipv6.map(|s| format!("{}/{}", s.address, s.prefix));
        Some(Value::List(ipv4.into_iter().chain(ipv6).collect()))
    })
    .private(),
    text(
        "connection",
        Configured,
        "How far packets get: `internet`; `lan` while the interface has its address but the network does not serve \
         fully yet; else `disconnected`. A network that fails for less than `connection.grace` does not count.",
        |v| word(v.connection.reach.name()),
    ),
    text("connection_reason", Configured, "Why `connection` is as it is.", |v| word(&v.connection.because())),
    text("dhcp_options.broadcast", Session, "Broadcast address of the DHCP lease.", |v| address(v.lease()?.broadcast?)).private(),
    list("dhcp_options.dns", Session, "Name servers of the DHCP lease, the best first.", |v| addresses(&v.lease()?.dns)),
    text("dhcp_options.domain", Session, "Domain that the DHCP server told.", |v| word(v.lease()?.domain.as_deref()?)),
    text("dhcp_options.hostname", Session, "Name that the DHCP server has for this host.", |v| {
        word(v.lease()?.host_name.as_deref()?)
    }),
    text("dhcp_options.ip", Session, "Address of the DHCP lease.", |v| address(v.lease()?.address)).private(),
    integer("dhcp_options.lease", Session, "How long the DHCP lease lasts from when it was last given.", |v| {
        number(v.lease()?.seconds)
    })
    .unit("s"),
    integer("dhcp_options.mask", Session, "Prefix length of the subnet of the DHCP lease.", |v| number(v.lease()?.prefix)),
    integer("dhcp_options.mtu", Session, "Largest packet that the DHCP server told.", |v| number(v.lease()?.mtu?)).unit("octets"),
    list("dhcp_options.ntpsrv", Session, "Time servers that the DHCP server told.", |v| addresses(&v.lease()?.ntp)),
    list("dhcp_options.router", Session, "Routers of the DHCP lease; the first is used.", |v| addresses(&v.lease()?.routers)),
    list("dhcp_options.search", Session, "Domains to search names in that the DHCP server told.", |v| {
        Some(v.lease()?.search.as_slice()).filter(|list| !list.is_empty()).map(|list| Value::List(list.to_vec()))
    }),
    text("dhcp_options.serverid", Session, "Address of the DHCP server.", |v| address(v.lease()?.server)),
    text("mobile.access_technology", Service, "Technologies in use now; `lte nr5g` is 5G non-standalone.", |v| {
        technologies(v.serving()?.technologies)
    }),
    text("mobile.allowed_technologies", Modem, "Technologies that the modem allows itself to use.", |v| {
        technologies(v.fresh(Fact::RadioPreference, &v.observed.radio_preference)?.technologies?)
    }),
    text(
        "mobile.apn",
        Card,
        "Access point name of the chosen service provider, also before and while it is dialled.",
        |v| word(&v.provider()?.apn.0),
    ),
    text("mobile.band", Service, "Band in use; with 5G non-standalone the one of LTE.", |v| word(&v.anchor()?.band))
    .told_by(BAND),
    list("mobile.bands", Service, "Every band in use with its channel.", |v| {
        let carriers = v.fresh(Fact::Band, &v.observed.band)?;
        let said = carriers.iter().map(|carrier| format!("{}, channel {}", carrier.band, carrier.channel));
        (!carriers.is_empty()).then(|| Value::List(said.collect()))
    })
    .told_by(BAND),
    integer("mobile.bandwidth_khz", Service, "Width of the band in use.", |v| number(v.anchor()?.bandwidth_khz?))
        .unit("kHz")
    .told_by(BAND),
    integer("mobile.cell_id", Service, "Global identity of the serving cell.", |v| {
        let cell = v.fresh(Fact::Cell, &v.observed.cell);
        let told = cell.and_then(|cell| cell.cell_id).and_then(|id| i64::try_from(id).ok());
        told.or_else(|| cid(v).map(i64::from)).map(Value::Integer)
    })
    .private()
    .told_by(CELL.union(SYSTEMS)),
    integer("mobile.channel", Service, "Channel number of the band in use (ARFCN of its technology).", |v| {
        number(v.anchor()?.channel)
    })
    .told_by(BAND),
    integer("mobile.cid", Service, "Cell, as the registration tells it.", |v| number(cid(v)?)).private()
    .told_by(SYSTEMS),
    text(
        "mobile.data_technology",
        Session,
        "What carries the session: `5g_sa`, `5g_nsa`, `lte`, `umts`, `gsm`, or another technology by its name.",
        |v| data_technology(v.serving()?.technologies),
    ),
    integer("mobile.earfcn", Service, "Channel number of the LTE cell (3GPP TS 36.101 clause 5.7.3).", |v| {
        let lte = |t: AccessTechnology| t == AccessTechnology::Lte;
        let cell = v.fresh(Fact::Cell, &v.observed.cell).filter(|cell| lte(cell.technology));
        let channel = cell.and_then(|cell| cell.channel);
        number(channel.or_else(|| Some(v.anchor().filter(|carrier| lte(carrier.technology))?.channel))?)
    })
    .told_by(CELL.union(BAND)),
    text("mobile.esn", Modem, "Electronic serial number (CDMA).", |v| word(v.device()?.esn.as_ref()?)).private(),
    text("mobile.firmware_revision", Modem, "Revision of the modem's firmware.", |v| word(&v.device()?.revision)),
    integer("mobile.gsm_rssi_dbm", Modem, "Received signal strength of GSM.", |v| number(v.signal()?.gsm_rssi_dbm?))
        .unit("dBm")
    .told_by(SIGNAL),
    text("mobile.hardware_revision", Modem, "Revision of the modem's hardware.", |v| {
        word(&v.device()?.hardware_revision)
    }),
    text("mobile.iccid", Card, "Serial number of the SIM card (ITU-T E.118), without filler.", |v| {
        word(v.card()?.iccid.as_str())
    })
    .private(),
    text("mobile.imei", Modem, "Identity of the device (3GPP TS 23.003 clause 6.2).", |v| {
        word(v.device()?.imei.as_ref()?.as_str())
    })
    .private(),
    text("mobile.imeisv_svn", Modem, "Software version of the IMEI (3GPP TS 23.003 clause 6.2.2).", |v| {
        word(v.device()?.imei_software_version.as_ref()?)
    }),
    text("mobile.imsi", Card, "Identity of the subscriber (3GPP TS 23.003 clause 2.2).", |v| {
        word(v.card()?.imsi.as_ref()?.as_str())
    })
    .private(),
    integer("mobile.lac", Service, "Location area (3GPP TS 23.003 clause 4.1).", |v| {
        number(v.location().lac.or_else(|| v.system()?.lac)?)
    })
    .private()
    .told_by(SYSTEMS),
    integer("mobile.lifetime_rx_bytes", Configured, "Octets received since the modem came under our care.", |v| {
        count(v.traffic.lifetime.rx)
    })
    .unit("octets")
    .told_by(COUNTERS),
    integer("mobile.lifetime_tx_bytes", Configured, "Octets sent since the modem came under our care.", |v| {
        count(v.traffic.lifetime.tx)
    })
    .unit("octets")
    .told_by(COUNTERS),
    integer("mobile.lte_rsrp_dbm", Modem, "Reference signal received power of LTE.", |v| number(lte(v)?.rsrp_dbm?))
        .unit("dBm")
    .told_by(SIGNAL),
    integer("mobile.lte_rsrq_db", Modem, "Reference signal received quality of LTE.", |v| number(lte(v)?.rsrq_db?))
        .unit("dB")
    .told_by(SIGNAL),
    integer("mobile.lte_rssi_dbm", Modem, "Received signal strength of LTE.", |v| number(lte(v)?.rssi_dbm?))
        .unit("dBm")
    .told_by(SIGNAL),
    integer("mobile.lte_sinr_tenth_db", Modem, "Signal to interference and noise of LTE.", |v| {
        number(lte(v)?.sinr_tenth_db?)
    })
    .unit("0.1 dB")
    .told_by(SIGNAL),
    text("mobile.manufacturer", Modem, "Maker of the modem.", |v| word(&v.device()?.manufacturer)),
    text("mobile.mcc", Service, "Mobile country code of the serving network, three digits.", |v| {
        match v.system() {
            Some(system) => word(&system.mcc),
            None => Some(Value::Text(format!("{:03}", v.serving()?.plmn?.mcc))),
        }
    })
    .told_by(SYSTEMS),
    text("mobile.meid", Modem, "Mobile equipment identifier (CDMA).", |v| word(v.device()?.meid.as_ref()?)).private(),
    text(
        "mobile.mnc",
        Service,
        "Mobile network code of the serving network, two or three digits as the network writes it.",
        |v| match v.system() {
            Some(system) => word(&system.mnc),
            None => word(v.serving()?.plmn?.to_string().get(3..)?),
        },
    )
    .told_by(SYSTEMS),
    text("mobile.model", Modem, "Model of the modem.", |v| word(&v.device()?.model)),
    list("mobile.neighbours", Service, "Cells around the serving one: technology, channel, cell, strength.", |v| {
        let cell = v.fresh(Fact::Cell, &v.observed.cell)?;
        Some(Value::List(cell.neighbours.iter().map(neighbour).collect()))
    })
    .private()
    .told_by(CELL),
    text("mobile.network_datetime", Modem, "Date and time in UTC as the network last told it (NITZ).", |v| {
        Some(Value::Text(v.network_time()?.utc?.to_string()))
    })
    .told_by(TIME),
    text("mobile.nr5g_mode", Service, "`sa` or `nsa` while 5G is in use.", |v| {
        let set = v.serving()?.technologies;
        let nr = set.contains(AccessTechnology::Nr5g);
        word(if set.contains(AccessTechnology::Lte) { "nsa" } else { "sa" }).filter(|_| nr)
    }),
    integer("mobile.nr5g_rsrp_dbm", Modem, "Reference signal received power of 5G.", |v| number(nr5g(v)?.rsrp_dbm?))
        .unit("dBm")
    .told_by(SIGNAL),
    integer("mobile.nr5g_rsrq_db", Modem, "Reference signal received quality of 5G.", |v| number(nr5g(v)?.rsrq_db?))
        .unit("dB")
    .told_by(SIGNAL),
    integer("mobile.nr5g_sinr_tenth_db", Modem, "Signal to interference and noise of 5G.", |v| {
        number(nr5g(v)?.sinr_tenth_db?)
    })
    .unit("0.1 dB")
    .told_by(SIGNAL),
    text("mobile.operating_mode", Modem, "`online`, `low_power`, `persistent_low_power`, `offline` or `other`.", |v| {
        word(match v.fresh(Fact::OperatingMode, &v.observed.operating_mode)? {
            OperatingMode::Online => "online",
            OperatingMode::LowPower => "low_power",
            OperatingMode::PersistentLowPower => "persistent_low_power",
            OperatingMode::Offline | OperatingMode::Leaving => "offline",
            OperatingMode::Other => "other",
        })
    }),
    text("mobile.operator_name", Service, "Name of the serving network, as it calls itself.", |v| {
        let told = v.fresh(Fact::OperatorName, &v.observed.operator_name).filter(|name| !name.is_empty());
        word(told.or_else(|| v.serving()?.operator_name.as_ref())?)
    })
    .told_by(NAME),
    integer("mobile.pci", Service, "Physical identity of the serving cell; of UMTS its scrambling code.", |v| {
        number(v.fresh(Fact::Cell, &v.observed.cell)?.physical_id?)
    })
    .told_by(CELL),
    text(
        "mobile.provider",
        Service,
        "Brand of the serving network by its code, as a list of networks has it; absent where it has none.",
        |v| word(crate::operators::name(v.serving()?.plmn?)?),
    ),
    text(
        "mobile.registration",
        Modem,
        "Registration: `home`, `roaming`, `searching`, `denied`, `not_registered` or `unknown`.",
        |v| {
            word(match v.serving()?.registration {
                Registration::Home => "home",
                Registration::Roaming => "roaming",
                Registration::Searching => "searching",
                Registration::Denied(_) => "denied",
                Registration::NotRegistered => "not_registered",
                Registration::Unknown => "unknown",
            })
        },
    ),
    integer(
        "mobile.reject_cause",
        Modem,
        "Why the network refuses to register us: cause of 3GPP TS 24.008 clause 10.5.3.6 or TS 24.301 clause 9.9.3.9.",
        |v| {
            let Registration::Denied(cause) = v.serving()?.registration else { return None };
            let seen = || v.systems()?.systems.iter().find_map(|system| system.reject);
            number(cause.or_else(seen)?)
        },
    )
    .told_by(SYSTEMS),
    flag("mobile.roaming", Service, "Whether the serving network is a visited one.", |v| {
        Some(Value::Flag(v.serving()?.registration == Registration::Roaming))
    }),
    integer("mobile.rx_rate_bps", Session, "Rate of reception, over the last report of the counters.", |v| {
        count(v.traffic.rate.filter(|_| is_counted(v))?.rx.saturating_mul(8))
    })
    .unit("bit/s")
    .told_by(COUNTERS),
    text("mobile.service_provider", Card, "Name of the chosen entry of `service_providers`.", |v| {
        word(&v.provider()?.name)
    }),
    integer("mobile.session_rx_bytes", Session, "Octets received since the connection began.", |v| {
        count(v.traffic.session.rx)
    })
    .unit("octets")
    .told_by(COUNTERS),
    integer("mobile.session_tx_bytes", Session, "Octets sent since the connection began.", |v| {
        count(v.traffic.session.tx)
    })
    .unit("octets")
    .told_by(COUNTERS),
    integer(
        "mobile.session_uptime_s",
        Session,
        "For how long the session is known to be up: from when we first saw it to the last look at it.",
        |v| {
            let known = [IpFamily::Ipv4, IpFamily::Ipv6].into_iter().filter_map(|family| v.session(family));
            count(known.map(|seen| seen.at.since(seen.since).as_secs()).max()?)
        },
    )
    .unit("s"),
    integer(
        "mobile.signal_4bars",
        Modem,
        "Bars, 0 to 4: of the RSSI of LTE, else of its RSRP, else of 5G, UMTS or GSM.",
        |v| number(heard(v)?.bars),
    )
    .told_by(SIGNAL),
    integer(
        "mobile.signal_asu",
        Modem,
        "Arbitrary strength units (3GPP TS 27.007 clause 8.5), 0 to 31; 99: the modem tells no RSSI.",
        |v| number(heard(v)?.asu),
    )
    .told_by(SIGNAL),
    integer(
        "mobile.signal_dbm",
        Modem,
        "Signal strength: the RSSI of LTE, else its RSRP, else of 5G, UMTS or GSM; -113 while nothing is heard.",
        |v| number(heard(v)?.dbm),
    )
    .unit("dBm")
    .told_by(SIGNAL),
    text(
        "mobile.sim_rej_info",
        Modem,
        "What the network thinks of the SIM while nothing serves us: `not_available`, `available`, `cs_invalid`, \
         `ps_invalid`, `cs_ps_invalid` or `unknown`.",
        |v| {
            let systems = v.systems().filter(|systems| !systems.restricted && v.system().is_none())?;
            word(systems.sim_reject?.name()).filter(|_| !v.lasts(Service))
        },
    )
    .told_by(SYSTEMS),
    text(
        "mobile.sim_state",
        Modem,
        "`ready`, `starting`, `pin_required`, `puk_required`, `network_locked`, `absent`, `blocked` or `error`.",
        |v| {
            word(match v.fresh(Fact::Sim, &v.observed.sim)? {
                SimState::Ready => "ready",
                SimState::Starting => "starting",
                SimState::PinRequired { .. } => "pin_required",
                SimState::PukRequired { .. } => "puk_required",
                SimState::NetworkLocked => "network_locked",
                SimState::Absent => "absent",
                SimState::Blocked => "blocked",
                SimState::Error => "error",
            })
        },
    ),
    map(
        "mobile.statistics",
        Session,
        "The modem's counters of the session, both families together; what it does not count is 0. `timestamp` is when it \
         told them last, in milliseconds since the daemon's start.",
        statistics,
    )
    .told_by(COUNTERS),
    integer("mobile.std_offset", Modem, "What daylight saving adds to the local time.", |v| {
        number(std_offset(v)?)
    })
    .unit("s")
    .told_by(TIME),
    integer("mobile.tac", Service, "Tracking area of LTE or 5G (3GPP TS 23.003 clause 19.4.2.3).", |v| {
        let modern = |t: AccessTechnology| matches!(t, AccessTechnology::Lte | AccessTechnology::Nr5g);
        let cell = v.fresh(Fact::Cell, &v.observed.cell).filter(|cell| modern(cell.technology));
        let told = cell.and_then(|cell| cell.area).or_else(|| v.location().tac.map(u32::from));
        number(told.or_else(|| v.system()?.tac)?)
    })
    .private()
    .told_by(CELL.union(SYSTEMS)),
    integer("mobile.tx_rate_bps", Session, "Rate of sending, over the last report of the counters.", |v| {
        count(v.traffic.rate.filter(|_| is_counted(v))?.tx.saturating_mul(8))
    })
    .unit("bit/s")
    .told_by(COUNTERS),
    integer("mobile.umts_ecio_tenth_db", Modem, "Ec/Io of UMTS.", |v| number(umts(v)?.ecio_tenth_db?)).unit("0.1 dB")
    .told_by(SIGNAL),
    integer("mobile.umts_rscp_dbm", Modem, "Received signal code power of UMTS.", |v| number(umts(v)?.rscp_dbm?))
        .unit("dBm")
    .told_by(SIGNAL),
    integer("mobile.umts_rssi_dbm", Modem, "Received signal strength of UMTS.", |v| number(umts(v)?.rssi_dbm?))
        .unit("dBm")
    .told_by(SIGNAL),
    integer(
        "mobile.utc_offset",
        Modem,
        "How far the local time is ahead of UTC, daylight saving left out: see `std_offset`.",
        |v| number(i32::from(v.network_time()?.zone_quarters?) * 900 - i32::from(std_offset(v).unwrap_or(0))),
    )
    .unit("s")
    .told_by(TIME),
    integer("mtu", Link, "Largest packet on the interface.", |v| number(v.link()?.ip.mtu?)).unit("octets"),
    flag("present", Configured, "Whether the device is there.", |v| {
        Some(Value::Flag(v.fresh(Fact::Port, &v.observed.port)?.is_there()))
    }),
    text(
        "state",
        Configured,
        "`configured` while everything is as the file asks, `retrying` while something failed and is tried again, \
         else `configuring`.",
        |v| {
            word(match v.deciding() {
                None => "configured",
                Some(decides) if decides.finding.retry_at().is_some() => "retrying",
                Some(_) => "configuring",
            })
        },
    ),
    text("type", Configured, "What kind of interface it is: `wwan`.", |_| word("wwan")),
];

const fn entry(name: &'static str, kind: Kind, lifetime: Lifetime, doc: &'static str, read: Read) -> Property {
    Property { name, kind, unit: "", lifetime, private: false, telemetry: FactSet::NONE, doc, read }
}

const fn text(name: &'static str, lifetime: Lifetime, doc: &'static str, read: Read) -> Property {
    entry(name, Kind::Text, lifetime, doc, read)
}

const fn integer(name: &'static str, lifetime: Lifetime, doc: &'static str, read: Read) -> Property {
    entry(name, Kind::Integer, lifetime, doc, read)
}

const fn flag(name: &'static str, lifetime: Lifetime, doc: &'static str, read: Read) -> Property {
    entry(name, Kind::Flag, lifetime, doc, read)
}

const fn list(name: &'static str, lifetime: Lifetime, doc: &'static str, read: Read) -> Property {
    entry(name, Kind::List, lifetime, doc, read)
}

const fn map(name: &'static str, lifetime: Lifetime, doc: &'static str, read: Read) -> Property {
    entry(name, Kind::Map, lifetime, doc, read)
}
