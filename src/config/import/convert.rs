//! What VintageNet's settings mean here, as lines of `wwan.yaml`. What has no counterpart, or means something else here,
//! becomes a comment where it would stand, and a warning; nothing is lost without a word.

use super::find::{Found, Interface};
use super::term::{Term, Value, is_secret};
use crate::config::diagnostic::{Code, Finding};
use crate::config::scalars::{AbsolutePath, ApnName, HostName, InterfaceName, NETWORK_DEFAULT, Prefix};
use crate::config::show;
use crate::config::suggest::nearest;
use crate::config::tree::Mark;

/// Width of a comment.
const WIDTH: usize = 118;

/// Settings of VintageNet itself, and why they have no counterpart.
const SETTINGS: [(&str, &str); 13] = [
    ("regulatory_domain", "is about Wi-Fi; a modem learns from the network where it is"),
    ("internet_host_list", "names the hosts of VintageNet's internet check, which its QMI technology does not use"),
    ("persistence", "is not needed: this file is the configuration, and nothing else is"),
    ("persistence_dir", "is not needed: this file is the configuration, and nothing else is"),
    ("persistence_secret", "is not needed: a password here is a reference such as { credential: NAME }"),
    ("resolvconf", "names the file with the name servers; here that is `dns: { method: file, path: … }`"),
    ("additional_name_servers", "has no counterpart: name servers are those of the network"),
    ("route_metric_fun", "is code; here the priority of a modem's routes is a number: ip.route_metric, 700 by default"),
    ("tmpdir", "is not needed"),
    ("udhcpc_handler", "is not needed: the DHCP client is our own (ip.method: dhcp)"),
    ("udhcpd_handler", "is not about a modem"),
    ("max_interface_count", "is not needed"),
    ("path", "is not needed: no other program is run"),
];

/// The file, and everything to say about it.
pub(super) struct Converted {
    pub lines: Vec<String>,
    pub findings: Vec<Finding>,
}

/// A provider as VintageNetQMI has it.
struct Provider {
    at: Mark,
    apn: String,
    prefixes: Option<Vec<String>>,
    roaming: Option<bool>,
    remarks: Vec<(Mark, String)>,
}

/// A power manager: its module, its options and its place.
struct PowerManager<'a> {
    term: &'a Term,
    interface: Option<&'a str>,
    options: Option<&'a Term>,
}

pub(super) fn convert(found: &Found, file: &str) -> Converted {
    let mut out = Writer { file, lines: Vec::new(), findings: Vec::new() };
    out.lines.push(format!(
        "# Made by `wwan import vintage-net` from {file}. A comment that begins with a line of that file says what is"
    ));
    out.lines.push("# different here or could not be taken over; delete it once you have read it.".to_owned());
    out.lines.push("version: 1".to_owned());
    out.lines.push("modems:".to_owned());
    let managers = power_managers(found);
    let (modems, others): (Vec<_>, Vec<_>) = found.interfaces.iter().partition(|i| is_qmi(&i.config));
    if modems.is_empty() {
        let message = "there is no configuration of VintageNetQMI in this file";
        let hint = "it is looked for in `config :vintage_net, config: […]`, `VintageNet.configure(…)` and \
                    `VintageNetQMI.quick_configure(…)`";
        out.findings.push(Finding::error(Code::NoModem, Mark::start_of(0), message).hint(hint));
    }
    for (i, interface) in modems.iter().enumerate() {
        let name = interface.name.name();
        if modems[i + 1..].iter().any(|later| later.name.name() == name) {
            let message = format!("{} is configured again further down, and the last one counts", interface.name);
            out.note(2, interface.name.at, &message);
        } else {
            out.modem(interface, &managers);
        }
    }
    for other in others {
        let kind = other.config.get("type").map_or_else(|| "unknown type".to_owned(), ToString::to_string);
        let message = format!("{} ({kind}) is no QMI modem: not taken over", other.name);
        out.note(0, other.name.at, &message);
    }
    out.settings(found, &managers, &modems);
    for (at, to) in &found.skipped {
        let lines = if at.line == *to { "this line is".to_owned() } else { format!("this, up to line {to}, is") };
        out.note(0, *at, &format!("{lines} code that is not understood: what it configures is not in this file"));
    }
    Converted { lines: out.lines, findings: out.findings }
}

fn is_qmi(config: &Term) -> bool {
    match config.get("type") {
        Some(kind) => kind.name() == Some("VintageNetQMI"),
        None => config.get("vintage_net_qmi").is_some(),
    }
}

fn power_managers<'a>(found: &'a Found) -> Vec<PowerManager<'a>> {
    let lists = found.settings.iter().filter(|(key, _)| key.name() == Some("power_managers"));
    let items = lists.filter_map(|(_, value)| match &value.value {
        Value::List(items) => Some(items),
        _ => None,
    });
    let manager = |term: &'a Term| {
        let options = match &term.value {
            Value::Tuple(parts) => parts.get(1),
            _ => None,
        };
        PowerManager { term, options, interface: options.and_then(|o| o.get("ifname")).and_then(Term::name) }
    };
    items.flatten().map(manager).collect()
}

struct Writer<'a> {
    file: &'a str,
    lines: Vec<String>,
    findings: Vec<Finding>,
}

impl Writer<'_> {
    /// A remark: a comment in the file and a warning beside it.
    fn note(&mut self, indent: usize, at: Mark, message: &str) {
        self.findings.push(Finding::warning(Code::NotImported, at, message));
        let mut line = format!("{:indent$}#", "");
        for word in format!("{}:{}: {message}", self.file, at.line).split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > WIDTH && !line.ends_with('#') {
                let full = std::mem::replace(&mut line, format!("{:indent$}#  ", ""));
                self.lines.push(full);
            }
            line.push(' ');
            // A control character would end the comment.
            line.extend(word.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }));
        }
        self.lines.push(line);
    }

    fn error(&mut self, code: Code, at: Mark, message: impl Into<String>, hint: impl Into<String>) {
        self.findings.push(Finding::error(code, at, message).hint(hint));
    }

    fn modem(&mut self, interface: &Interface, managers: &[PowerManager<'_>]) {
        let Some(name) = interface.name.name().filter(|name| (InterfaceName::FORM.check)(name)) else {
            let message = format!("must be {}, not {}", InterfaceName::FORM.expected, interface.name);
            return self.error(Code::InvalidValue, interface.name.at, message, "write it as \"wwan0\"");
        };
        self.lines.push(format!("  {}:", show::text(name)));
        let Some(qmi) = interface.config.get("vintage_net_qmi") else {
            let message = "`vintage_net_qmi` is missing";
            let hint = "add `vintage_net_qmi: %{service_providers: [%{apn: \"super\"}]}`";
            return self.error(Code::MissingKey, interface.config.at, message, hint);
        };
        let Some(options) = qmi.pairs() else {
            let message = format!("`vintage_net_qmi` must be a map, not {qmi}");
            return self.error(
                Code::WrongType,
                qmi.at,
                message,
                "import works on literals only: write the value itself",
            );
        };
        self.providers(qmi);
        for (key, at, value) in options {
            match key {
                "service_providers" => {}
                "only_radio_technologies" => self.technologies(value),
                // Forks of VintageNetQMI have it.
                "device_path" if let Some(path) = value.name().filter(|path| is_path(path)) => {
                    let path = show::text(path);
                    self.lines.push(format!("    control: {{ device: {path} }}"));
                }
                _ => self.no_counterpart(4, key, at, value, "has no counterpart"),
            }
        }
        for (key, at, value) in interface.config.pairs().unwrap_or_default() {
            match key {
                "type" | "vintage_net_qmi" => {}
                "hostname" | "ipv4" => {}
                _ => self.no_counterpart(4, key, at, value, "has no counterpart"),
            }
        }
        self.addresses(&interface.config);
        for manager in managers.iter().filter(|manager| manager.interface == Some(name)) {
            self.power(manager);
        }
    }

    /// VintageNetQMI always asks a DHCP server; here that is done where the file says so, or has a name for it.
    fn addresses(&mut self, config: &Term) {
        let (mut method, mut hostname) = (None, None);
        for (key, at, value) in config.pairs().unwrap_or_default() {
            match key {
                "hostname" => match value.name().filter(|name| (HostName::FORM.check)(name)) {
                    Some(name) => hostname = Some(name),
                    None => self.no_counterpart(4, key, at, value, "is no host name"),
                },
                "ipv4" if value.get("method").and_then(Term::name) == Some("dhcp") => method = Some("dhcp"),
                "ipv4" => {
                    let why = "has no counterpart: VintageNetQMI ignores it, and addresses here come from the modem's own \
                               settings";
                    self.no_counterpart(4, key, at, value, why);
                }
                _ => {}
            }
        }
        let Some(method) = method.or(hostname.map(|_| "dhcp")) else { return };
        let hostname = hostname.map(|name| format!(", hostname: {}", show::text(name))).unwrap_or_default();
        self.lines.push(format!("    ip: {{ method: {method}{hostname} }}"));
    }

    fn no_counterpart(&mut self, indent: usize, key: &str, at: &Term, value: &Term, why: &str) {
        let value = if is_secret(key) { "....".to_owned() } else { value.to_string() };
        self.note(indent, at.at, &format!("`{key}: {value}` {why}"));
    }

    fn providers(&mut self, qmi: &Term) {
        const EXAMPLE: &str = "for example `service_providers: [%{apn: \"super\"}]`";
        let Some(list) = qmi.get("service_providers") else {
            return self.error(Code::NoServiceProvider, qmi.at, "at least one service provider is needed", EXAMPLE);
        };
        let Value::List(items) = &list.value else {
            let message = format!("`service_providers` must be a list, not {list}");
            return self.error(Code::WrongType, list.at, message, EXAMPLE);
        };
        if items.is_empty() {
            return self.error(Code::NoServiceProvider, list.at, "at least one service provider is needed", EXAMPLE);
        }
        let providers: Vec<Provider> = items.iter().filter_map(|item| self.provider(item)).collect();
        let (mut particular, mut catch_alls): (Vec<_>, Vec<_>) =
            providers.into_iter().partition(|p| p.prefixes.is_some());
        self.lines.push("    service_providers:".to_owned());
        let last = catch_alls.pop();
        particular.extend(last);
        for provider in &particular {
            self.write(provider);
        }
        for provider in &catch_alls {
            let message = format!(
                "apn {:?} is never used: of several entries without `only_iccid_prefixes` VintageNetQMI takes the last, \
                 which is listed above; here the first would win",
                provider.apn
            );
            self.note(6, provider.at, &message);
            self.lines.push(format!("      # - apn: {}", show::text(&provider.apn)));
        }
    }

    fn write(&mut self, provider: &Provider) {
        for (at, remark) in &provider.remarks {
            self.note(6, *at, remark);
        }
        self.lines.push(format!("      - apn: {}", show::text(&provider.apn)));
        if let Some(prefixes) = &provider.prefixes {
            let quoted = prefixes.iter().map(|prefix| format!("\"{prefix}\"")).collect::<Vec<_>>().join(", ");
            self.lines.push(format!("        only_iccid_prefixes: [{quoted}]"));
        }
        if let Some(allowed) = provider.roaming {
            self.lines.push(format!("        roaming_allowed: {allowed}"));
        }
    }

    fn provider(&mut self, item: &Term) -> Option<Provider> {
        let Some(pairs) = item.pairs().filter(|pairs| !pairs.is_empty()) else {
            let message = format!("a service provider must be a map, not {item}");
            self.error(Code::WrongType, item.at, message, "write it as `%{apn: \"super\"}`");
            return None;
        };
        let apn = self.apn(item)?;
        let mut provider = Provider { at: item.at, apn, prefixes: None, roaming: None, remarks: Vec::new() };
        if provider.apn.is_empty() {
            NETWORK_DEFAULT.clone_into(&mut provider.apn);
            provider.remarks.push((item.at, "an empty `apn` is written as the network's own".to_owned()));
        }
        for (key, at, value) in pairs {
            match (key, &value.value) {
                ("apn", _) => {}
                ("only_iccid_prefixes", _) => self.prefixes(value, &mut provider),
                ("roaming_allowed?" | "roaming_allowed", Value::Bool(allowed)) => provider.roaming = Some(*allowed),
                ("roaming_allowed?" | "roaming_allowed", Value::Nil) => {
                    provider.roaming = Some(false);
                    provider.remarks.push((value.at, "`nil` forbids roaming in VintageNetQMI".to_owned()));
                }
                ("roaming_allowed?" | "roaming_allowed", _) => {
                    let message = format!("must be `true` or `false`, not {value}");
                    self.error(
                        Code::WrongType,
                        value.at,
                        message,
                        "import works on literals only: write the value itself",
                    );
                }
                _ => {
                    let shown = if is_secret(key) { "....".to_owned() } else { value.to_string() };
                    let remark = format!("`{key}: {shown}` has no counterpart of this name");
                    provider.remarks.push((at.at, remark));
                }
            }
        }
        Some(provider)
    }

    fn apn(&mut self, item: &Term) -> Option<String> {
        const HINT: &str = "write the name itself: `apn: \"super\"`";
        match item.get("apn") {
            None => self.error(Code::MissingKey, item.at, "`apn` is missing", HINT),
            Some(Term { value: Value::Text(apn), .. }) if apn.is_empty() || (ApnName::FORM.check)(apn) => {
                return Some(apn.clone());
            }
            Some(Term { value: Value::Text(apn), at }) => {
                let message = format!("must be {}, not {apn:?}", ApnName::FORM.expected);
                self.error(Code::InvalidValue, *at, message, HINT);
            }
            Some(other) => self.error(Code::WrongType, other.at, format!("`apn` must be a text, not {other}"), HINT),
        }
        None
    }

    fn prefixes(&mut self, value: &Term, provider: &mut Provider) {
        let items = match &value.value {
            Value::List(items) => items.as_slice(),
            // What Elixir's `String.starts_with?` takes as well.
            Value::Text(_) => std::slice::from_ref(value),
            Value::Nil => {
                let remark = "`only_iccid_prefixes: nil` stops VintageNetQMI; here it is as if it were not there";
                return provider.remarks.push((value.at, remark.to_owned()));
            }
            _ => {
                let message = format!("`only_iccid_prefixes` must be a list of texts, not {value}");
                return self.error(Code::WrongType, value.at, message, "for example `[\"8988307\"]`");
            }
        };
        let mut prefixes = Vec::new();
        for item in items {
            match &item.value {
                Value::Text(prefix) if (Prefix::FORM.check)(prefix) => prefixes.push(prefix.clone()),
                Value::Integer(n) => {
                    let message = format!("a prefix must be a text, not {n}");
                    self.error(Code::WrongType, item.at, message, format!("quote it: \"{n}\""));
                }
                _ => {
                    let message = format!("must be {}, not {item}", Prefix::FORM.expected);
                    self.error(
                        Code::InvalidValue,
                        item.at,
                        message,
                        "the card's number begins with it, as \"8988307\"",
                    );
                }
            }
        }
        provider.prefixes = Some(prefixes);
    }

    fn technologies(&mut self, value: &Term) {
        const OURS: [&str; 7] = ["cdma_1x", "cdma_1x_evdo", "gsm", "umts", "lte", "td_scdma", "nr5g"];
        let items = match &value.value {
            Value::List(items) => items.as_slice(),
            Value::Nil => &[],
            _ => {
                let message = format!("`only_radio_technologies` must be a list of names, not {value}");
                return self.error(Code::WrongType, value.at, message, "for example `[:lte]`");
            }
        };
        let mut names: Vec<&str> = Vec::new();
        for item in items {
            let name = item.name().unwrap_or_default();
            let (ours, remark) = match name {
                "cdma_1x_hrdp" => {
                    (Some("cdma_1x_evdo"), Some("`:cdma_1x_hrdp` is called cdma_1x_evdo here".to_owned()))
                }
                "amps" => {
                    (None, Some("`:amps` is dropped: no QMI modem has it, and VintageNetQMI drops it too".to_owned()))
                }
                "cdma_1x_evdo" | "nr5g" => {
                    let ours = OURS.into_iter().find(|ours| *ours == name);
                    (ours, Some(format!("VintageNetQMI drops `:{name}` without a word; here it takes effect")))
                }
                name => match OURS.into_iter().find(|ours| *ours == name) {
                    Some(ours) => (Some(ours), None),
                    None => {
                        let meant = nearest(name, OURS).map_or_else(String::new, |n| format!("; did you mean {n}?"));
                        (
                            None,
                            Some(format!(
                                "`{item}` is no access technology and is dropped, as VintageNetQMI does{meant}"
                            )),
                        )
                    }
                },
            };
            if let Some(remark) = remark {
                self.note(4, item.at, &remark);
            }
            names.extend(ours.filter(|ours| !names.contains(ours)));
        }
        if names.is_empty() {
            self.note(4, value.at, &format!("`only_radio_technologies: {value}` restricts nothing: left out"));
        } else {
            self.lines.push(format!("    only_radio_technologies: [{}]", names.join(", ")));
        }
    }

    /// A power manager is code of the user's own; what is known of it is its name and its options.
    fn power(&mut self, manager: &PowerManager<'_>) {
        let message = format!(
            "the power manager {} is code of yours. Say here how the supply is switched, by `usb-port`, `gpio` or another method:",
            manager.term
        );
        self.note(4, manager.term.at, &message);
        self.lines.push("    # power: { method: usb-port, hub: \"1-1\", port: 1 }".to_owned());
        if let Some(timeout) = manager.options.and_then(|options| options.get("watchdog_timeout")) {
            let message = format!(
                "`watchdog_timeout: {timeout}` cut the supply after so many milliseconds without internet; here recovery goes \
                 by diagnosis, gentler steps come first, and a modem without coverage is not power-cycled; who wants \
                 the plain time-out back sets `recovery.watchdog`"
            );
            self.note(4, timeout.at, &message);
        }
    }

    fn settings(&mut self, found: &Found, managers: &[PowerManager<'_>], modems: &[&Interface]) {
        for (key, value) in &found.settings {
            let name = key.name().unwrap_or_default();
            if name == "power_managers" && matches!(value.value, Value::List(_)) {
                continue;
            }
            let known = SETTINGS.iter().find(|(setting, _)| *setting == name);
            self.no_counterpart(0, name, key, value, known.map_or("has no counterpart", |(_, why)| why));
        }
        let is_ours = |name: &str| modems.iter().any(|modem| modem.name.name() == Some(name));
        for manager in managers.iter().filter(|manager| !manager.interface.is_some_and(is_ours)) {
            let message = format!("the power manager {} is for no QMI modem of this file", manager.term);
            self.note(0, manager.term.at, &message);
        }
    }
}

/// Whether our file takes it as a path.
fn is_path(text: &str) -> bool {
    AbsolutePath::try_from(text.to_owned()).is_ok()
}
