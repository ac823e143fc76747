//! One modem on one screen: what it is, how it is connected, how well it hears, what it has carried, and why.

use std::collections::BTreeMap;

use super::out::{Out, Tone};
use super::status::{ago, condition_rows};
use super::table;
use crate::api::types::{ModemView, PropertyView};
use crate::property::Value;

/// Width of the names before the facts.
const NAMES: usize = 12;

/// Everything about one modem that its screen shows.
pub(super) struct Screen<'a> {
    modem: &'a ModemView,
    properties: BTreeMap<&'a str, &'a PropertyView>,
    /// Its part of the configuration, secrets as dots.
    config: Vec<&'a str>,
}

impl<'a> Screen<'a> {
    /// The screen of `modem`; `config` is the text of the whole configuration.
    pub(super) fn new(modem: &'a ModemView, properties: &'a [PropertyView], config: &'a str) -> Self {
        let own = |p: &'a PropertyView| Some((p.name.strip_prefix(&modem.name)?.strip_prefix('.')?, p));
        Self { modem, properties: properties.iter().filter_map(own).collect(), config: part_of(config, &modem.name) }
    }

    /// The lines.
    pub(super) fn lines(&self, out: Out) -> Vec<String> {
        let modem = self.modem;
        let (tone, word) = if modem.online { (Tone::Good, "ONLINE") } else { (Tone::Bad, "OFFLINE") };
        let mut lines = vec![format!("{}  {}", out.paint(Tone::Strong, &modem.name), out.paint(tone, word))];
        let rows = [
            ("Device", self.device()),
            ("State", self.since("state")),
            ("Connection", self.connection()),
            ("Card", self.text("mobile.iccid").map(|iccid| format!("ICCID {iccid}"))),
            (
                "Provider",
                modem.provider.as_ref().map(|p| format!("{} (apn {}): {} ({})", p.name, p.apn, p.because, p.origin)),
            ),
            ("Network", self.network()),
            ("Signal", self.signal(out)),
            ("Cell", self.cell()),
            ("Session", self.session()),
            ("Lifetime", self.octets("mobile.lifetime_rx_bytes", "mobile.lifetime_tx_bytes")),
            ("Addresses", (!modem.addresses.is_empty()).then(|| modem.addresses.join(", "))),
            ("MTU", self.text("mtu")),
        ];
        let known = rows.into_iter().filter_map(|(name, fact)| Some((name, fact?)));
        lines
            .extend(known.map(|(name, fact)| format!("  {}{fact}", out.paint(Tone::Faint, &format!("{name:NAMES$}")))));
        for (at, line) in self.config.iter().enumerate() {
            let name = if at == 0 { "Config" } else { "" };
            lines.push(format!("  {}{line}", out.paint(Tone::Faint, &format!("{name:NAMES$}"))));
        }
        lines.extend(table::lines(out, 2, &condition_rows(modem)));
        lines
    }

    fn device(&self) -> Option<String> {
        let presence = match self.properties.get("present").map(|p| &p.value) {
            Some(Value::Flag(false)) => "not present",
            Some(_) => "present",
            None => return None,
        };
        let named = self.modem.device.as_ref().map(|d| [d.manufacturer.as_str(), &d.model, &d.revision].join(" "));
        Some(
            named
                .into_iter()
                .map(|name| name.trim().to_owned())
                .chain([presence.to_owned()])
                .collect::<Vec<_>>()
                .join(", "),
        )
    }

    fn connection(&self) -> Option<String> {
        let connection = self.since("connection")?;
        match (self.text("connection").as_deref(), self.text("connection_reason")) {
            (Some("internet"), _) | (_, None) => Some(connection),
            (_, Some(reason)) => Some(format!("{connection}: {reason}")),
        }
    }

    fn network(&self) -> Option<String> {
        let network = self.modem.network.as_ref()?;
        let name = self.text("mobile.operator_name").or_else(|| network.operator_name.clone());
        let name = name.or_else(|| network.brand.clone());
        let plmn = network.plmn.as_ref().map(|plmn| if name.is_some() { format!("({plmn})") } else { plmn.clone() });
        let place = if network.roaming { "roaming" } else { "home" };
        let head: Vec<String> = [name, plmn, Some(place.to_owned())].into_iter().flatten().collect();
        let technology = self.text("mobile.data_technology").or_else(|| self.text("mobile.access_technology"));
        let band = self.text("mobile.band").map(|band| match self.integer("mobile.bandwidth_khz") {
            Some(khz) => format!("{band}, {} MHz", tenths(khz / 100)),
            None => band,
        });
        let channel = self.text("mobile.channel").map(|channel| format!("channel {channel}"));
        Some([Some(head.join(" ")), technology, band, channel].into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    fn signal(&self, out: Out) -> Option<String> {
        let bars = self.integer("mobile.signal_4bars")?;
        let drawn: String = (1..=4).map(|bar| if bar <= bars { '#' } else { '.' }).collect();
        let tone = match bars {
            0 | 1 => Tone::Bad,
            2 => Tone::Pending,
            _ => Tone::Good,
        };
        let asu = self.integer("mobile.signal_asu");
        if bars == 0 && asu == Some(99) && self.text("mobile.signal_dbm").as_deref() == Some("-113") {
            return Some(format!("[{}] not known", out.paint(tone, &drawn)));
        }
        let in_unit = |name: &str, property: &str, unit: &str| {
            let value = self.integer(property)?;
            let value = if property.contains("_tenth_") { tenths(value) } else { value.to_string() };
            Some(format!("{name} {value} {unit}"))
        };
        let parts = [
            self.text("mobile.signal_dbm").map(|dbm| format!("[{}] {dbm} dBm", out.paint(tone, &drawn))),
            in_unit("LTE RSRP", "mobile.lte_rsrp_dbm", "dBm"),
            in_unit("RSRQ", "mobile.lte_rsrq_db", "dB"),
            in_unit("SINR", "mobile.lte_sinr_tenth_db", "dB"),
            in_unit("5G RSRP", "mobile.nr5g_rsrp_dbm", "dBm"),
            in_unit("RSRQ", "mobile.nr5g_rsrq_db", "dB"),
            in_unit("SINR", "mobile.nr5g_sinr_tenth_db", "dB"),
            in_unit("UMTS RSCP", "mobile.umts_rscp_dbm", "dBm"),
            in_unit("Ec/Io", "mobile.umts_ecio_tenth_db", "dB"),
        ];
        Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    fn cell(&self) -> Option<String> {
        let id = self.text("mobile.cell_id")?;
        let area = self.text("mobile.tac").or_else(|| self.text("mobile.lac")).map(|area| format!("area {area}"));
        let physical = self.text("mobile.pci").map(|pci| format!("physical {pci}"));
        Some([Some(id), area, physical].into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    fn session(&self) -> Option<String> {
        let connected = self.modem.conditions.iter().find(|c| c.condition == "DataConnected" && c.status == "True")?;
        let carried = self.octets("mobile.session_rx_bytes", "mobile.session_tx_bytes");
        let rate = |property: &str| Some(scaled(self.integer(property)?, "bit/s"));
        let rates = rate("mobile.rx_rate_bps").zip(rate("mobile.tx_rate_bps"));
        let rates = rates.map(|(rx, tx)| format!("at {rx} down, {tx} up"));
        let parts = [Some(format!("up {}", ago(connected.since_ms))), carried, rates];
        Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    fn octets(&self, rx: &str, tx: &str) -> Option<String> {
        Some(format!("{} down, {} up", scaled(self.integer(rx)?, "B"), scaled(self.integer(tx)?, "B")))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.properties.get(name).map(|property| property.value.to_string())
    }

    fn integer(&self, name: &str) -> Option<i64> {
        match self.properties.get(name)?.value {
            Value::Integer(value) => Some(value),
            _ => None,
        }
    }

    fn since(&self, name: &str) -> Option<String> {
        self.properties.get(name).map(|p| format!("{} since {}", p.value, ago(p.since_ms)))
    }
}

/// The lines below the modem's name in the effective configuration, moved to the left; those below `defaults` where it
/// has none of its own.
fn part_of<'a>(config: &'a str, modem: &str) -> Vec<&'a str> {
    let name = format!("  {modem}:");
    let lines = config.lines().skip_while(|line| line.trim_end() != "modems:");
    let below = lines.skip_while(|line| line.trim_end() != name).skip(1);
    below.take_while(|line| line.starts_with("    ")).filter_map(|line| line.get(4..)).collect()
}

/// A number of tenths with its point.
pub(super) fn tenths(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let (whole, tenth) = (value.abs() / 10, value.abs() % 10);
    if tenth == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{tenth}") }
}

/// A number with three digits or so and a decimal prefix.
fn scaled(value: i64, unit: &str) -> String {
    let value = i128::from(value.max(0));
    let steps = [("", 1), ("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000_i128)];
    let (prefix, step) = steps.into_iter().rev().find(|(_, step)| value >= *step).unwrap_or(("", 1));
    let tenth = i64::try_from(value * 10 / step).unwrap_or(i64::MAX);
    format!("{} {prefix}{unit}", tenths(tenth))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::{ConditionView, DeviceView, NetworkView, ProviderView};

    const CONFIG: &str = "version: 1\nmodems:\n  wwan0:\n    service_providers:\n      - apn: super\n        auth:\n          password: ....\n  wwan1:\n    service_providers:\n      - apn: x\n";

    fn modem(online: bool) -> ModemView {
        let condition = |condition: &str, status: &str, reason: &str, message: &str| ConditionView {
            condition: condition.into(),
            status: status.into(),
            reason: reason.into(),
            message: message.into(),
            since_ms: 11_520_000,
            observed_generation: 1,
        };
        ModemView {
            name: "wwan0".into(),
            online,
            since_ms: Some(11_520_000),
            provider: online.then(|| ProviderView {
                name: "supersim".into(),
                apn: "super".into(),
                because: "ICCID prefix 8988307".into(),
                origin: "/etc/wwan.yaml:5".into(),
            }),
            network: online.then(|| NetworkView {
                plmn: Some("310260".into()),
                operator_name: None,
                brand: None,
                roaming: true,
                technologies: vec!["lte".into()],
            }),
            device: online.then(|| DeviceView {
                manufacturer: "Quectel".into(),
                model: "EC25".into(),
                revision: "EC25EFAR06A06M4G".into(),
            }),
            addresses: if online { vec!["10.0.0.2/30".into()] } else { Vec::new() },
            conditions: match online {
                true => vec![
                    condition("DataConnected", "True", "Connected", "apn \"super\""),
                    condition("Converged", "True", "AllApplied", "everything is as the file asks"),
                ],
                false => vec![condition("ModemPresent", "False", "Absent", "no such device")],
            },
        }
    }

    fn property(name: &str, value: Value, since_ms: u64) -> PropertyView {
        PropertyView { name: format!("wwan0.{name}"), value, unit: String::new(), since_ms }
    }

    fn text(name: &str, value: &str) -> PropertyView {
        property(name, Value::Text(value.into()), 11_520_000)
    }

    fn integer(name: &str, value: i64) -> PropertyView {
        property(name, Value::Integer(value), 5_000)
    }

    #[test]
    fn ops_1_a_modem_on_one_screen() {
        let properties = [
            text("connection", "internet"),
            text("connection_reason", "LinkConfigured Configured"),
            text("mobile.band", "LTE Band 3"),
            integer("mobile.bandwidth_khz", 20_000),
            integer("mobile.cell_id", 1_192_961),
            integer("mobile.channel", 1300),
            text("mobile.data_technology", "lte"),
            text("mobile.iccid", "8988307000000000018"),
            integer("mobile.lifetime_rx_bytes", 5_120_000_000),
            integer("mobile.lifetime_tx_bytes", 999),
            integer("mobile.lte_rsrp_dbm", -98),
            integer("mobile.lte_rsrq_db", -10),
            integer("mobile.lte_sinr_tenth_db", 145),
            text("mobile.operator_name", "T-Mobile"),
            integer("mobile.pci", 101),
            integer("mobile.rx_rate_bps", 9600),
            integer("mobile.session_rx_bytes", 12_345_678),
            integer("mobile.session_tx_bytes", 4_100_000),
            integer("mobile.signal_4bars", 3),
            integer("mobile.signal_asu", 21),
            integer("mobile.signal_dbm", -70),
            integer("mobile.tac", 6699),
            integer("mobile.tx_rate_bps", 3200),
            integer("mtu", 1430),
            property("present", Value::Flag(true), 1),
            text("state", "configured"),
        ];
        let modem = modem(true);
        let lines = Screen::new(&modem, &properties, CONFIG).lines(Out::plain());
        assert_eq!(
            lines,
            [
                "wwan0  ONLINE",
                "  Device      Quectel EC25 EC25EFAR06A06M4G, present",
                "  State       configured since 3h12m",
                "  Connection  internet since 3h12m",
                "  Card        ICCID 8988307000000000018",
                "  Provider    supersim (apn super): ICCID prefix 8988307 (/etc/wwan.yaml:5)",
                "  Network     T-Mobile (310260) roaming, lte, LTE Band 3, 20 MHz, channel 1300",
                "  Signal      [###.] -70 dBm, LTE RSRP -98 dBm, RSRQ -10 dB, SINR 14.5 dB",
                "  Cell        1192961, area 6699, physical 101",
                "  Session     up 3h12m, 12.3 MB down, 4.1 MB up, at 9.6 kbit/s down, 3.2 kbit/s up",
                "  Lifetime    5.1 GB down, 999 B up",
                "  Addresses   10.0.0.2/30",
                "  MTU         1430",
                "  Config      service_providers:",
                "                - apn: super",
                "                  auth:",
                "                    password: ....",
                "CONDITION      STATUS  REASON      SINCE  MESSAGE",
                "DataConnected  True    Connected   3h12m  apn \"super\"",
                "Converged      True    AllApplied  3h12m  everything is as the file asks",
            ]
        );
    }

    #[test]
    fn ops_1_a_modem_that_is_not_there_is_shown_in_short() {
        let properties = [
            text("connection", "disconnected"),
            text("connection_reason", "ModemPresent Absent"),
            integer("mobile.lifetime_rx_bytes", 0),
            integer("mobile.lifetime_tx_bytes", 0),
            property("present", Value::Flag(false), 1),
            text("state", "configuring"),
        ];
        let modem = modem(false);
        let lines = Screen::new(&modem, &properties, "version: 1\n").lines(Out::plain());
        assert_eq!(
            lines,
            [
                "wwan0  OFFLINE",
                "  Device      not present",
                "  State       configuring since 3h12m",
                "  Connection  disconnected since 3h12m: ModemPresent Absent",
                "  Lifetime    0 B down, 0 B up",
                "CONDITION     STATUS  REASON  SINCE  MESSAGE",
                "ModemPresent  False   Absent  3h12m  no such device",
            ]
        );
    }

    #[test]
    fn numbers_are_short() {
        for (value, short) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1 kB"),
            (12_345, "12.3 kB"),
            (1_500_000, "1.5 MB"),
            (i64::MAX, "9223372 TB"),
        ] {
            assert_eq!(scaled(value, "B"), short);
        }
        assert_eq!((tenths(-5), tenths(140), tenths(-123)), ("-0.5".into(), "14".into(), "-12.3".into()));
    }
}
