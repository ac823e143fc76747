//! The database of access points, `mobile-broadband-provider-info`: everything it has for one home network.
//!
//! Chooses nothing: what is for the card in hand is the core's question. Elements and attributes that are not known here
//! are skipped, as is everything about other networks.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion, escape};

use super::in_words;
use crate::model::{Apn, ApnAnswer, ApnCandidate, ApnUsage, Authentication, HomeDigits, Secret};

/// Where distributions install it.
pub const DEFAULT: &str = "/usr/share/mobile-broadband-provider-info/serviceproviders.xml";

/// Twenty times its size of 2026: a file that is larger was named by mistake.
const MAX_BYTES: u64 = 8 * 1024 * 1024;
/// Most access points that are handed over; the largest network of 2026 has 32 with all that resell it.
const MAX_CANDIDATES: usize = 256;
/// Longest name, user or password that is taken over (QMI WDS: at most 127 octets of each).
const MAX_TEXT: usize = 127;
/// Longest access point name (3GPP TS 23.003 clause 9.1).
const MAX_APN: usize = 100;

/// Why the database cannot be asked.
#[derive(Debug, thiserror::Error)]
enum DatabaseError {
    #[error("{} is not there; install the package mobile-broadband-provider-info", path.display())]
    Missing { path: PathBuf },
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} has more than {MAX_BYTES} bytes", path.display())]
    TooLarge { path: PathBuf },
    #[error("{}, line {line}: not XML", path.display())]
    Syntax { path: PathBuf, line: usize, source: quick_xml::Error },
    #[error("{} is not a list of service providers", path.display())]
    Other { path: PathBuf },
}

/// Everything the database at `path` has for a home network, in its order.
///
/// # Errors
/// It is not there, cannot be read, or is something else; in words.
pub fn look_up(path: &Path, home: &HomeDigits) -> ApnAnswer {
    let found = read(path).and_then(|text| parse(&text, home, path));
    found.map_err(|error| in_words(&error))
}

fn read(path: &Path) -> Result<String, DatabaseError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => DatabaseError::Missing { path: path.to_owned() },
        _ => DatabaseError::Read { path: path.to_owned(), source },
    };
    let file = File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(failed(io::Error::other("not a file")));
    }
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large from one that just fits.
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(DatabaseError::TooLarge { path: path.to_owned() });
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn parse(text: &str, home: &HomeDigits, path: &Path) -> Result<Vec<ApnCandidate>, DatabaseError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut scan =
        Scan { home, open: Vec::new(), is_list: false, text: String::new(), provider: None, found: Vec::new() };
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => scan.begin(&element),
            Ok(Event::End(_)) => scan.end(),
            Ok(Event::Text(part)) => scan.text.push_str(&part.xml10_content()),
            Ok(Event::CData(part)) => scan.text.push_str(&part.xml10_content()),
            Ok(Event::GeneralRef(reference)) => scan.text.push_str(&resolved(&reference)),
            Ok(Event::Eof) if scan.is_list => return Ok(scan.found),
            Ok(Event::Eof) => return Err(DatabaseError::Other { path: path.to_owned() }),
            Ok(Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
            Err(source) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX).min(text.len());
                let line = 1 + text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count();
                return Err(DatabaseError::Syntax { path: path.to_owned(), line, source });
            }
        }
    }
}

/// `&amp;` and `&#228;`; an entity of the document's own is left out.
fn resolved(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.to_string();
    }
    escape::resolve_predefined_entity(&reference.xml10_content()).unwrap_or_default().to_owned()
}

/// Where we are in the document, and what was found.
struct Scan<'a> {
    home: &'a HomeDigits,
    /// Names of the elements around us.
    open: Vec<String>,
    is_list: bool,
    /// Text of the innermost element so far.
    text: String,
    provider: Option<Provider>,
    found: Vec<ApnCandidate>,
}

/// One `provider` element.
#[derive(Default)]
struct Provider {
    name: Option<String>,
    primary: bool,
    /// Codes of its networks that the home network may be.
    networks: BTreeSet<String>,
    gid1: Vec<String>,
    apns: Vec<AccessPoint>,
}

/// One `apn` element.
#[derive(Default)]
struct AccessPoint {
    value: String,
    usage: Option<String>,
    plans: Vec<String>,
    method: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

impl Scan<'_> {
    fn begin(&mut self, element: &BytesStart<'_>) {
        let name = element.name().0.to_owned();
        let parent = self.open.last().map(String::as_str);
        self.text.clear();
        match (parent, name.as_str(), &mut self.provider) {
            (None, "serviceproviders", _) => self.is_list = true,
            (Some("country"), "provider", provider) => {
                let primary = attribute(element, "primary").as_deref() == Some("true");
                *provider = Some(Provider { primary, ..Provider::default() });
            }
            (Some("gsm"), "network-id", Some(provider)) => {
                let code =
                    [attribute(element, "mcc"), attribute(element, "mnc")].map(Option::unwrap_or_default).concat();
                if self.home.begin_with(&code) {
                    provider.networks.insert(code);
                }
            }
            (Some("gsm"), "apn", Some(provider)) => {
                let value = attribute(element, "value").unwrap_or_default();
                provider.apns.push(AccessPoint { value, ..AccessPoint::default() });
            }
            (Some("apn"), kind, Some(Provider { apns, .. })) => {
                let Some(apn) = apns.last_mut() else { return self.open.push(name) };
                match kind {
                    "usage" => apn.usage = attribute(element, "type"),
                    "plan" => apn.plans.extend(attribute(element, "type")),
                    "authentication" => apn.method = attribute(element, "method"),
                    _ => {}
                }
            }
            _ => {}
        }
        self.open.push(name);
    }

    fn end(&mut self) {
        let Some(name) = self.open.pop() else { return };
        let text = self.text.trim();
        let text = (!text.is_empty() && text.len() <= MAX_TEXT).then(|| text.to_owned());
        match (self.open.last().map(String::as_str), name.as_str(), &mut self.provider) {
            // The first name; those in other languages follow.
            (Some("provider"), "name", Some(provider)) => provider.name = provider.name.take().or(text),
            (Some("gsm"), "gid1", Some(provider)) => provider.gid1.extend(text),
            (Some("apn"), "username", Some(Provider { apns, .. })) => set(apns, |apn| apn.username = text),
            (Some("apn"), "password", Some(Provider { apns, .. })) => set(apns, |apn| apn.password = text),
            (Some("country"), "provider", provider) => {
                let provider = provider.take().unwrap_or_default();
                self.take(&provider);
            }
            _ => {}
        }
        self.text.clear();
    }

    fn take(&mut self, provider: &Provider) {
        for network in &provider.networks {
            let candidates = provider.apns.iter().filter_map(|apn| candidate(provider, apn, network));
            let room = MAX_CANDIDATES - self.found.len();
            self.found.extend(candidates.take(room));
        }
    }
}

fn set(apns: &mut [AccessPoint], change: impl FnOnce(&mut AccessPoint)) {
    if let Some(apn) = apns.last_mut() {
        change(apn);
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    Some(attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.trim().to_owned())
}

fn candidate(provider: &Provider, apn: &AccessPoint, network: &str) -> Option<ApnCandidate> {
    let is_name = (1..=MAX_APN).contains(&apn.value.len()) && apn.value.bytes().all(|b| b.is_ascii_graphic());
    let usage = match apn.usage.as_deref() {
        None | Some("internet") => ApnUsage::Internet,
        Some(several) if several.split('-').any(|use_| use_ == "internet") => ApnUsage::Mixed,
        Some(_) => ApnUsage::Other,
    };
    let authentication = match (apn.method.as_deref(), &apn.username) {
        (_, None) => Authentication::None,
        (Some("pap"), Some(_)) => Authentication::Pap,
        // Where the database does not say, which is most often, the password at least does not travel in the clear.
        (_, Some(_)) => Authentication::Chap,
    };
    is_name.then(|| ApnCandidate {
        network: network.to_owned(),
        provider: provider.name.clone().unwrap_or_else(|| "unnamed provider".to_owned()),
        primary: provider.primary,
        gid1: provider.gid1.clone(),
        apn: Apn(apn.value.clone()),
        usage,
        prepaid: !apn.plans.is_empty() && apn.plans.iter().all(|plan| plan == "prepaid"),
        authentication,
        username: apn.username.clone(),
        password: apn.username.as_ref().and_then(|_| apn.password.clone()).map(Secret::new),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Imsi;

    const SAMPLE: &str = include_str!("../../tests/data/lookup/serviceproviders.xml");

    fn home(imsi: &str) -> HomeDigits {
        Imsi::parse(imsi).unwrap().home_digits()
    }

    fn found(imsi: &str) -> Vec<ApnCandidate> {
        parse(SAMPLE, &home(imsi), Path::new("x.xml")).unwrap()
    }

    #[test]
    fn everything_about_a_network_is_handed_over_in_order_and_nothing_else() {
        let found = found("262021234567890");
        let names: Vec<&str> = found.iter().map(|c| c.apn.0.as_str()).collect();
        assert_eq!(names, ["event.example", "reseller.example", "mms.example", "prepaid.example", "web.example"]);
        assert_eq!(found[0].provider, "Reseller");
        let prepaid = &found[3];
        assert_eq!(prepaid.provider, "Vodafone (Vertrag) & Co", "the first name, its entities resolved");
        assert_eq!(
            (prepaid.prepaid, prepaid.usage, prepaid.authentication),
            (true, ApnUsage::Internet, Authentication::Pap)
        );
        assert_eq!(prepaid.username.as_deref(), Some("vodafone"));
        assert_eq!(prepaid.password.as_ref().map(Secret::reveal), Some("v<o>d"));
        assert!(!prepaid.primary && prepaid.gid1.is_empty() && prepaid.network == "26202");
        let web = &found[4];
        assert_eq!((web.prepaid, web.authentication), (false, Authentication::Chap), "both plans, no method said");
        assert_eq!((web.username.as_deref(), &web.password), (Some("user"), &None));
        assert_eq!(found[2].usage, ApnUsage::Other);
    }

    #[test]
    fn codes_of_five_and_of_six_digits_groups_and_owners_are_told_apart() {
        let american = found("310410123456789");
        let facts: Vec<(&str, &str, bool, ApnUsage)> =
            american.iter().map(|c| (c.network.as_str(), c.apn.0.as_str(), c.primary, c.usage)).collect();
        assert_eq!(
            facts,
            [
                ("310410", "mvno.example", false, ApnUsage::Internet),
                ("310410", "owner.example", true, ApnUsage::Mixed),
                ("310410", "wap.example", true, ApnUsage::Other),
                ("31041", "five.example", false, ApnUsage::Internet),
            ]
        );
        let groups: Vec<Vec<String>> = found("232101234567890").into_iter().map(|c| c.gid1).collect();
        assert_eq!(groups, [vec![], vec!["0303".to_owned()]]);
        assert_eq!(found("999991234567890"), []);
    }

    #[test]
    fn what_is_wrong_with_the_file_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("serviceproviders.xml");
        let ask = || look_up(&path, &home("262021234567890")).unwrap_err();
        assert!(
            ask().ends_with("serviceproviders.xml is not there; install the package mobile-broadband-provider-info")
        );
        std::fs::write(&path, "<html>\n<p>no</html>").unwrap();
        assert!(ask().contains("serviceproviders.xml, line 2: not XML: "), "{}", ask());
        std::fs::write(&path, "<html/>").unwrap();
        assert!(ask().ends_with("is not a list of service providers"));
        std::fs::write(&path, "").unwrap();
        assert!(ask().ends_with("is not a list of service providers"));
        std::fs::write(&path, vec![b' '; usize::try_from(MAX_BYTES).unwrap() + 1]).unwrap();
        assert!(ask().ends_with("has more than 8388608 bytes"));
        assert!(look_up(dir.path(), &home("262021234567890")).unwrap_err().contains("not a file"));
        std::fs::write(&path, SAMPLE).unwrap();
        assert_eq!(look_up(&path, &home("262021234567890")).unwrap().len(), 5);
    }

    #[test]
    fn no_more_than_a_bounded_number_is_taken() {
        let apns = "<apn value=\"a\"/>".repeat(MAX_CANDIDATES * 3);
        let network = r#"<network-id mcc="262" mnc="02"/>"#;
        let text = format!(
            "<serviceproviders><country><provider><gsm>{network}{apns}</gsm></provider></country></serviceproviders>"
        );
        assert_eq!(parse(&text, &home("262021234567890"), Path::new("x")).unwrap().len(), MAX_CANDIDATES);
        let deep = format!("<serviceproviders>{}", "<a>".repeat(200_000));
        assert!(parse(&deep, &home("262021234567890"), Path::new("x")).unwrap().is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        /// Any bytes, and the sample with bytes changed anywhere: an answer, never a panic.
        #[test]
        fn no_bytes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..200), at in 0..SAMPLE.len(), cut in 0..40usize) {
            let home = home("262021234567890");
            let _ = parse(&String::from_utf8_lossy(&noise), &home, Path::new("x"));
            let mut bytes = SAMPLE.as_bytes().to_vec();
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, noise);
            for candidate in parse(&String::from_utf8_lossy(&bytes), &home, Path::new("x")).unwrap_or_default() {
                prop_assert!(home.begin_with(&candidate.network));
                prop_assert!(candidate.apn.0.bytes().all(|b| b.is_ascii_graphic()));
            }
        }
    }
}
