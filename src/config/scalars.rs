//! The texts and numbers of the grammar that have a form of their own: each is parsed once, and its schema says the same.
//!
//! For every type the pattern of the schema and the check of the parser must agree; `agreement.rs` compares them. No
//! meaning here: whether a path exists is the shell's question.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// A form of text: the regular expression that the schema shows and the words that a complaint uses.
pub struct Form {
    /// ECMA 262 without anything that Rust's `regex` reads differently.
    pub pattern: &'static str,
    /// "must be …".
    pub expected: &'static str,
    /// The schema format by whose name the daemon's own schema check asks the parser, where no readable pattern knows the
    /// form whole: what the schema shows is for editors then.
    pub format: Option<&'static str>,
    /// The same as the pattern, for the parser; more than it, where there is a `format`.
    pub check: fn(&str) -> bool,
}

/// Every form, so that a complaint about a pattern can say in words what it wants.
pub const FORMS: [&Form; 31] = [
    &ApnName::FORM,
    &Prefix::FORM,
    &HomeNetwork::FORM,
    &ProviderName::FORM,
    &InterfaceName::FORM,
    &HostName::FORM,
    &AbsolutePath::FORM,
    &UsbId::FORM,
    &UsbHub::FORM,
    &UsbDevice::FORM,
    &GpioChip::FORM,
    &GpioLineName::FORM,
    &Argument::FORM,
    &ModelName::FORM,
    &ImeiDigits::FORM,
    &ListenAddress::FORM,
    &CredentialName::FORM,
    &VariableName::FORM,
    &UserName::FORM,
    &Gid1Prefix::FORM,
    &CardProviderName::FORM,
    &Label::FORM,
    &NetworkChoice::FORM,
    &TimeSpan::FORM,
    &ModulePath::FORM,
    &Sha256Digits::FORM,
    &ByteSize::FORM,
    &PluginTime::FORM,
    &ProbeTarget::FORM,
    &ProbeInterval::FORM,
    &HttpUrl::FORM,
];

fn text_schema(form: &Form) -> Schema {
    match form.format {
        Some(format) => json_schema!({ "type": "string", "pattern": form.pattern, "format": format }),
        None => json_schema!({ "type": "string", "pattern": form.pattern }),
    }
}

macro_rules! text_type {
    (@format) => { None };
    (@format $format:literal) => { Some($format) };
    ($(#[$doc:meta])* $name:ident, $pattern:literal $(with $format:literal)?, $expected:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(pub String);

        impl $name {
            /// The form of its text.
            pub const FORM: Form = Form {
                pattern: $pattern,
                expected: $expected,
                format: text_type!(@format $($format)?),
                check: $check,
            };
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;
            fn try_from(text: String) -> Result<Self, &'static str> {
                if (Self::FORM.check)(&text) { Ok(Self(text)) } else { Err($expected) }
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                text_schema(&Self::FORM)
            }
        }
    };
}

text_type! {
    /// An access point name, or [`NETWORK_DEFAULT`].
    ApnName, "^[!-~]{1,100}$", "an access point name: 1 to 100 characters without spaces",
    |t| length(t, 1, 100) && visible(t)
}
text_type! {
    /// The first digits of an ICCID or IMSI. A filler `F` at the end is accepted and ignored.
    Prefix, "^[0-9]{0,20}[Ff]?$", "up to 20 decimal digits",
    |t| digits(t.strip_suffix(['F', 'f']).unwrap_or(t), 0, 20)
}
text_type! {
    /// A network: mobile country code and mobile network code in one.
    HomeNetwork, "^[0-9]{5,6}$", "country code and network code: 5 or 6 decimal digits", |t| digits(t, 5, 6)
}
text_type! {
    /// The name of a service provider.
    ProviderName, "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", "a name: 1 to 64 letters, digits, `.`, `_`, `-`",
    |t| length(t, 1, 64) && starts(t, |b| b.is_ascii_alphanumeric()) && only(t, |b| word(b) || b".-".contains(&b))
}
text_type! {
    /// The name of a network interface (Linux `IFNAMSIZ`: 15 characters).
    InterfaceName, "^[A-Za-z][A-Za-z0-9._-]{0,14}$", "an interface name: a letter, then up to 14 letters, digits, `.`, `_`, `-`",
    |t| length(t, 1, 15) && starts(t, |b| b.is_ascii_alphabetic()) && only(t, |b| word(b) || b".-".contains(&b))
}
text_type! {
    /// The name of a host (RFC 1123 section 2.1; option 12 of DHCP).
    HostName, "^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$", "a host name: up to 63 letters, digits, `-` and `.`, not at an end",
    |t| {
        let end = |b: u8| b.is_ascii_alphanumeric();
        length(t, 1, 63) && starts(t, end) && t.bytes().next_back().is_some_and(end) && only(t, |b| end(b) || b".-".contains(&b))
    }
}
text_type! {
    /// A path from the root.
    AbsolutePath, "^/[!-~]{1,254}$", "an absolute path without spaces",
    |t| t.starts_with('/') && length(t, 2, 255) && visible(t)
}
text_type! {
    /// USB vendor and product.
    UsbId, "^[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}$", "USB vendor and product as `2c7c:0125`",
    |t| t.len() == 9 && t.bytes().enumerate().all(|(i, b)| if i == 4 { b == b':' } else { b.is_ascii_hexdigit() })
}
text_type! {
    /// A USB hub as the kernel calls it: bus, or bus and ports.
    UsbHub, "^[0-9]{1,3}(-[0-9]{1,3}([.][0-9]{1,3}){0,6})?$", "a hub as the kernel names it: `1`, `1-1` or `1-1.4`",
    hub
}
text_type! {
    /// A USB device as the kernel calls it: bus and ports.
    UsbDevice, "^[0-9]{1,3}-[0-9]{1,3}([.][0-9]{1,3}){0,6}$", "a USB device as the kernel names it: `1-1` or `1-1.3`",
    |t| t.contains('-') && hub(t)
}
text_type! {
    /// A GPIO chip by name or label.
    GpioChip, "^[!-~]{1,64}$", "the name or label of a GPIO chip: up to 64 characters without spaces",
    |t| length(t, 1, 64) && visible(t)
}
text_type! {
    /// A line of a GPIO chip by name. Digits alone are an offset, which is a number and no text.
    GpioLineName, "^[0-9]{0,30}[!-/:-~][!-~]{0,30}$", "an offset, or a name without spaces; an offset is written without quotes",
    line_name
}
text_type! {
    /// A word of a command line.
    Argument, "^[^\\x00]{1,1024}$", "a text of 1 to 1024 characters",
    |t| (1..=1024).contains(&t.chars().count()) && !t.contains('\0')
}
text_type! {
    /// What a modem calls its model.
    ModelName, "^[!-~]([ -~]{0,62}[!-~])?$", "a model as the modem names it: 1 to 64 characters, no space at an end",
    |t| length(t, 1, 64) && only(t, |b| matches!(b, b' '..=b'~')) && t.trim() == t
}
text_type! {
    /// The digits of an IMEI.
    ImeiDigits, "^[0-9]{14,16}$", "14 to 16 decimal digits", |t| digits(t, 14, 16)
}
text_type! {
    /// An address and a port.
    ListenAddress, "^([0-9.]{7,15}|\\[[0-9A-Fa-f:.]{2,45}\\]):[0-9]{1,5}$" with "wwan-listen-address",
    "an address and a port as `127.0.0.1:9767` or `[::1]:9767`",
    ListenAddress::is_valid
}
text_type! {
    /// The name of a systemd credential.
    CredentialName, "^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$", "a credential name: letters, digits, `.`, `_`, `-`",
    |t| length(t, 1, 255) && starts(t, word) && only(t, |b| word(b) || b".-".contains(&b))
}
text_type! {
    /// The name of an environment variable.
    VariableName, "^[A-Za-z_][A-Za-z0-9_]{0,254}$", "a variable name: letters, digits, `_`",
    |t| length(t, 1, 255) && starts(t, |b| b == b'_' || b.is_ascii_alphabetic()) && only(t, word)
}
text_type! {
    /// A user name for PAP or CHAP (QMI WDS: at most 127 octets).
    UserName, "^[ -~]{1,127}$", "1 to 127 ASCII characters", |t| length(t, 1, 127) && only(t, |b| (b' '..=b'~').contains(&b))
}

text_type! {
    /// The first digits of a card's group identifier, in hexadecimal.
    Gid1Prefix, "^[0-9A-Fa-f]{0,40}$", "up to 40 hexadecimal digits",
    |t| length(t, 0, 40) && only(t, |b| b.is_ascii_hexdigit())
}
text_type! {
    /// The service provider's name as the card has it (3GPP TS 31.102 clause 4.2.12: 16 octets).
    CardProviderName, "^[^\\x00-\\x1F\\x7F]{1,16}$", "the name on the card: 1 to 16 characters",
    |t| (1..=16).contains(&t.chars().count()) && !t.chars().any(|c| c.is_ascii_control())
}
text_type! {
    /// A label of the device.
    Label, "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", "a label: 1 to 63 letters, digits, `.`, `_`, `-`",
    |t| length(t, 1, 63) && starts(t, |b| b.is_ascii_alphanumeric()) && only(t, |b| word(b) || b".-".contains(&b))
}
text_type! {
    /// Who chooses the network: the modem, or the file.
    NetworkChoice, "^(automatic|[0-9]{5,6})$", "`automatic`, or country code and network code: 5 or 6 decimal digits",
    |t| t == AUTOMATIC || digits(t, 5, 6)
}

/// What to write as `network` to let the modem choose.
pub const AUTOMATIC: &str = "automatic";
text_type! {
    /// A length of time: a number and its unit.
    TimeSpan, "^[0-9]{1,6}(ms|s|m|h)$", "a length of time as `250ms`, `30s`, `5m` or `2h`", |t| TimeSpan::parse(t).is_some()
}

text_type! {
    /// The path of a plugin's component.
    ModulePath, "^[!-~]{1,255}$", "a path of 1 to 255 characters without spaces",
    |t| length(t, 1, 255) && visible(t)
}
text_type! {
    /// A SHA-256 sum.
    Sha256Digits, "^[0-9A-Fa-f]{64}$", "a SHA-256 sum: 64 hexadecimal digits",
    |t| length(t, 64, 64) && only(t, |b| b.is_ascii_hexdigit())
}
text_type! {
    /// An amount of memory or data, 64 KiB to 256 MiB.
    ByteSize, "^(6[4-9]|[7-9][0-9]|[1-9][0-9]{2,4})KiB$|^([1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-6])MiB$",
    "a size as `256KiB` or `16MiB`, 64KiB to 256MiB", |t| ByteSize::parse(t).is_some()
}
text_type! {
    /// The time that a plugin has, 1 ms to 10 s.
    PluginTime, "^([1-9][0-9]{0,3})ms$|^([1-9]|10)s$", "a length of time as `20ms` or `1s`, 1ms to 10s",
    |t| PluginTime::parse(t).is_some()
}

text_type! {
    /// Something that answers where data passes.
    ProbeTarget, "^(dns|(dns|tcp|http)://[!-~]{1,300})$" with "wwan-probe-target",
    "`dns`, `dns://9.9.9.9`, `tcp://example.com:443` or `http://example.com/generate_204`", ProbeTarget::is_valid
}
text_type! {
    /// The time between two questions, 10 s to 1 h.
    ProbeInterval, "^([1-9][0-9]{1,2}|[12][0-9]{3}|3[0-5][0-9]{2}|3600)s$|^([1-9]|[1-5][0-9]|60)m$|^1h$",
    "a length of time as `90s` or `5m`, 10s to 1h", |t| ProbeInterval::parse(t).is_some()
}

impl ProbeTarget {
    /// Whether the text is a target.
    #[must_use]
    pub fn is_valid(text: &str) -> bool {
        length(text, 3, 307) && text.parse::<crate::model::Target>().is_ok()
    }
}

impl ProbeInterval {
    fn parse(text: &str) -> Option<std::time::Duration> {
        let plain = text.bytes().take_while(u8::is_ascii_digit).count() == text.len().saturating_sub(1);
        let span = TimeSpan::parse(text).filter(|_| plain && !text.starts_with('0'))?;
        (10..=3600).contains(&span.as_secs()).then_some(span)
    }

    /// How long it is.
    #[must_use]
    pub fn duration(&self) -> std::time::Duration {
        Self::parse(&self.0).unwrap_or_default()
    }
}

text_type! {
    /// A URL without TLS, user and fragment: a name or an IPv4 address, perhaps a port, perhaps a path.
    HttpUrl,
    "^http://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?(/[!$-;=?-Z_a-z~]{0,400})?$",
    "a URL as `http://127.0.0.1:8086/write?db=wwan`, without user and fragment", http_url
}

impl ByteSize {
    fn parse(text: &str) -> Option<u64> {
        let (number, unit, range) = match text.strip_suffix("KiB") {
            Some(number) => (number, 10, 64..=99_999),
            None => (text.strip_suffix("MiB")?, 20, 1..=256),
        };
        let plain = only(number, |b| b.is_ascii_digit()) && !number.starts_with('0');
        let number = number.parse::<u64>().ok().filter(|n| plain && range.contains(n))?;
        Some(number << unit)
    }

    /// How much it is.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        Self::parse(&self.0).unwrap_or_default()
    }
}

impl PluginTime {
    pub(super) fn parse(text: &str) -> Option<std::time::Duration> {
        let (number, unit, most) = match text.strip_suffix("ms") {
            Some(number) => (number, 1, 9_999),
            None => (text.strip_suffix('s')?, 1_000, 10),
        };
        let plain = only(number, |b| b.is_ascii_digit()) && !number.starts_with('0');
        let number = number.parse::<u64>().ok().filter(|n| plain && (1..=most).contains(n))?;
        Some(std::time::Duration::from_millis(number * unit))
    }
}

impl TimeSpan {
    fn parse(text: &str) -> Option<std::time::Duration> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).filter(|(number, _)| (1..=6).contains(&number.len()))?;
        let ms: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        Some(std::time::Duration::from_millis(number.parse::<u64>().ok()? * ms))
    }

    /// How long it is.
    #[must_use]
    pub fn duration(&self) -> std::time::Duration {
        Self::parse(&self.0).unwrap_or_default()
    }
}

/// What to write as `apn` for the network's own default. A word instead of an empty text, so that a forgotten value
/// cannot mean it.
pub const NETWORK_DEFAULT: &str = "network-default";

impl ListenAddress {
    /// Whether the text is an address and a port.
    #[must_use]
    pub fn is_valid(text: &str) -> bool {
        text.len() <= 53 && !text.contains('%') && text.parse::<std::net::SocketAddr>().is_ok()
    }
}

fn word(b: u8) -> bool {
    b == b'_' || b.is_ascii_alphanumeric()
}

fn visible(text: &str) -> bool {
    only(text, |b| b.is_ascii_graphic())
}

fn only(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(allowed)
}

fn starts(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    text.bytes().next().is_some_and(allowed)
}

fn length(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len())
}

fn digits(text: &str, min: usize, max: usize) -> bool {
    length(text, min, max) && only(text, |b| b.is_ascii_digit())
}

fn hub(text: &str) -> bool {
    let (bus, ports) = text.split_once('-').map_or((text, None), |(bus, ports)| (bus, Some(ports)));
    let ports_ok = ports.is_none_or(|p| p.split('.').count() <= 7 && p.split('.').all(|n| digits(n, 1, 3)));
    digits(bus, 1, 3) && ports_ok
}

fn http_url(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("http://") else { return false };
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
    let (host, port) = authority.split_once(':').map_or((authority, "80"), |(host, port)| (host, port));
    let in_a_path = |b: u8| matches!(b, b'!' | b'$'..=b';' | b'=' | b'?'..=b'Z' | b'_' | b'a'..=b'z' | b'~');
    length(host, 1, 253)
        && starts(host, |b| b.is_ascii_alphanumeric())
        && only(host, |b| b.is_ascii_alphanumeric() || b".-".contains(&b))
        && digits(port, 1, 5)
        && !port.starts_with('0')
        && port.parse::<u16>().is_ok()
        && length(path, 0, 400)
        && only(path, in_a_path)
}

fn line_name(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    visible(text) && text.len() - rest.len() <= 30 && length(rest, 1, 31)
}

macro_rules! number_type {
    ($(#[$doc:meta])* $name:ident($int:ty), $min:literal ..= $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
        #[serde(try_from = "i64")]
        pub struct $name(pub $int);

        impl TryFrom<i64> for $name {
            type Error = &'static str;
            fn try_from(n: i64) -> Result<Self, &'static str> {
                match <$int>::try_from(n) {
                    Ok(n) if ($min..=$max).contains(&n) => Ok(Self(n)),
                    _ => Err("out of range"),
                }
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "integer", "minimum": $min, "maximum": $max })
            }
        }
    };
}

number_type! {
    /// The version of the grammar.
    Version(u8), 1..=1
}
number_type! {
    /// Priority of a route; lower wins.
    RouteMetric(u32), 0..=4_294_967_295u32
}
number_type! {
    /// A routing table.
    RouteTable(u32), 1..=4_294_967_295u32
}
number_type! {
    /// Priority of a routing rule; 32766 is the main table's.
    RulePriority(u32), 1..=32_765u32
}
number_type! {
    /// Largest packet in octets: 576 is the least that every IPv4 host takes, 9000 the most a modem offers.
    Mtu(u16), 576..=9000
}
number_type! {
    /// Index of a 3GPP profile in the modem; 24 is the most that a modem in the field has.
    ProfileIndex(u8), 1..=24
}
number_type! {
    /// Power cycles in a day; once an hour is more than any modem needs.
    PowerCycles(u8), 0..=24
}
number_type! {
    /// An LTE band by its number (3GPP TS 36.101 clause 5.5); QMI has room for 256.
    LteBand(u16), 1..=256
}
number_type! {
    /// A 5G band by its number (3GPP TS 38.101 clause 5.2); QMI has room for 512.
    Nr5gBand(u16), 1..=512
}
number_type! {
    /// A SIM slot. QMI's cards have a slot 1 and a slot 2.
    SimSlot(u8), 1..=2
}
number_type! {
    /// Questions to a plugin in a second.
    CallRate(u32), 1..=100
}
number_type! {
    /// Port of a USB hub (USB 2.0 clause 11.23: one octet; hubs in the field have up to 31).
    UsbPort(u8), 1..=31
}
number_type! {
    /// A line of a GPIO chip by its number, from 0; the largest chips have some hundred.
    GpioOffset(u16), 0..=65_535u16
}
