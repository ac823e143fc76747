//! Targets in the room `sim`: what people write to it.

use std::collections::BTreeMap;

use wwan::sim::Disturbance;
use wwan::sim::scenario::{CONFIG, SCRIPT, Scenario};

const FILE: &str = "version: 1\nmodems:\n  wwan0:\n    service_providers:\n      - apn: internet\n";

/// A disturbance: what is understood says itself in words that are understood alike.
pub fn disturbance(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<Disturbance>() {
        Ok(disturbance) => {
            let said = disturbance.to_string();
            assert_eq!(said.parse().as_ref(), Ok(&disturbance), "{said}");
            assert!(!disturbance.about().is_empty() && said.starts_with(&disturbance.name()));
        }
        Err(why) => assert!(!why.to_string().is_empty()),
    }
}

/// A scenario's script: read, or refused with everything that is wrong and where.
pub fn scenario(data: &[u8]) {
    let files = [(SCRIPT, data), (CONFIG, FILE.as_bytes()), ("other.yaml", FILE.as_bytes())];
    let files: BTreeMap<String, Vec<u8>> = files.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).into();
    let lines = data.split(|byte| *byte == b'\n').count();
    match Scenario::read(files) {
        Ok(scenario) => {
            let form = |id: &str| id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-');
            assert!(scenario.covers().iter().all(|id| form(id)));
        }
        Err(troubles) => {
            assert!(!troubles.is_empty());
            for trouble in troubles {
                assert!(trouble.line.is_none_or(|line| (1..=lines).contains(&line)), "{trouble}");
                assert!(!trouble.message.is_empty());
            }
        }
    }
}
