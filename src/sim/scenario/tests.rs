//! The language of scripts: what is understood, what is refused with which words, and what a play says of failures.

use super::*;

const GOOD: &str = "version: 1\nmodems:\n  wwan0:\n    service_providers:\n      - apn: internet\n";

/// Events as their `Debug` form begins: enough to see that they come.
struct Plain;

impl Words for Plain {
    fn event(&mut self, event: &Event, now: Instant) -> Option<String> {
        let what = format!("{:?}", event.what);
        Some(format!("{now} {}", what.split([' ', '{']).next()?))
    }
    fn status(&self, fleet: &Fleet, wide: bool, _: Instant, _: Instant) -> Vec<String> {
        vec![format!("status of {}, wide: {wide}", fleet.controllers().count())]
    }
    fn explain(&self, controller: &Controller, _: Instant) -> Vec<String> {
        vec![format!("why {}", controller.name())]
    }
    fn provider(&self, controller: &Controller) -> Vec<String> {
        vec![format!("provider of {}", controller.name())]
    }
    fn plan(&self, controller: &Controller, _: Instant) -> Vec<String> {
        vec![format!("plan of {}", controller.name())]
    }
    fn properties(&self, controller: &Controller, pattern: &str) -> Vec<String> {
        vec![format!("{pattern} of {}", controller.name())]
    }
}

fn files(script: &str, more: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::from([(SCRIPT.to_owned(), script.into()), (CONFIG.to_owned(), GOOD.into())]);
    files.extend(more.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())));
    files
}

fn troubles(script: &str, more: &[(&str, &str)]) -> Vec<String> {
    Scenario::read(files(script, more)).map_or_else(|t| t.iter().map(ToString::to_string).collect(), |_| Vec::new())
}

fn play(script: &str) -> Played {
    let scenario = Scenario::read(files(script, &[])).unwrap_or_else(|troubles| panic!("{troubles:?}"));
    scenario.play(&mut Plain)
}

#[test]
fn every_step_of_the_language_is_played() {
    let script = "
# What it is about.
covers: CFG-6, SEL-10 F12
seed: 7
secret: corp = s3cret
personality: nsa-5g dial_ms=100..200 renames=false indications=broadcast late_per_mille=0
device: imei=356938035643809 model=EM7455
card: iccid=8988307000000000018 imsi=901405100000001 spn=\"two words\" gid1=0aff pin=1234 tries=3
slot: none
network: ipv6=false mtu=1430 refuse=other:33 technologies=lte+nr5g visited=310410
host: no-power-switch
modem: wwan0
card: none

expect ModemPresent=Unknown
disturb sim-swap iccid=8949210000000000028 imsi=001010000000002
until APN internet within 2m   # and on to the end
until Converged within 60s
faults to-modem drop=10 delay=5 delay_ms=10..20 to-core duplicate=100
faults none
mark
expect Converged for 1m
expect link up
expect property wwan0.mobile.apn = internet
expect no property wwan0.mobile.nothing
never dial for 10s
expect no writes for 10s
expect requests NAS 0x33 = 0
expect NAS get_serving_system >= 0
expect requests <= 10
expect no dials
edit wwan.yaml
crash
until Converged within 20s
kill
expect Converged=Unknown
never request for 1h
start
until request within 1s
modem wwan0
for 200ms
status
status wide
explain
explain provider
plan
properties wwan0.*
requests
";
    let scenario = Scenario::read(files(script, &[])).unwrap();
    assert_eq!(scenario.covers(), ["CFG-6", "SEL-10", "F12"]);
    let played = scenario.play(&mut Plain);
    assert_eq!(played.failure, None, "{}", played.text);
    assert_eq!(played, scenario.play(&mut Plain), "the same directory gives the same bytes");
    for said in ["> until Converged within 60s\n", "status of 1, wide: true\n", "why wwan0\n", "CTL get_version_info"] {
        assert!(played.text.contains(said), "no {said} in\n{}", played.text);
    }
    assert!(played.virtual_time > std::time::Duration::from_secs(3600));
}

#[test]
fn a_request_is_found_by_its_bytes() {
    // DMS Get Manufacturer without a TLV.
    let script = "until Converged within 2m\nexpect sent DMS 2100 0000\nexpect sent DMS 2100 0100\n";
    let failure = play(script).failure.unwrap();
    assert_eq!(failure.line, 3);
    assert!(failure.why.starts_with("it was not sent"), "{failure}");
}

#[test]
fn an_expectation_that_is_not_met_names_its_line_and_what_is_so_instead() {
    for (step, why) in [
        ("expect Converged=False", "Converged=True AllApplied: everything is as the file asks"),
        ("until DataConnected=False within 5s", "not within 5s: DataConnected=True Connected: apn \"internet\""),
        ("until DataConnected=True:CallFailed within 5s", "not within 5s: DataConnected=True Connected"),
        ("until dial within 1m", "no dial within 1m"),
        ("until WDS stop_network within 1m", "no WDS stop_network within 1m"),
        ("never request for 2m", "request at "),
        ("never Converged for 2m", "it is so at "),
        ("expect Converged=False for 2m", "at "),
        ("expect APN other", "sessions: [(Ipv4, \"internet\")"),
        ("expect no session", "sessions: "),
        ("expect link down", "the link is up"),
        ("expect property wwan0.mobile.apn = other", "wwan0.mobile.apn = internet"),
        ("expect property wwan0.mobile.nothing = other", "wwan0.mobile.nothing is not there"),
        ("expect no requests", " times since the last mark"),
        ("expect dials >= 9", " times since the last mark"),
        ("modem wwan3", "there is no modem \"wwan3\", only wwan0"),
    ] {
        let played = play(&format!("until Converged within 2m\n{step}\nexpect Converged=Unknown\n"));
        let failure = played.failure.unwrap_or_else(|| panic!("{step} was met\n{}", played.text));
        assert_eq!((failure.line, failure.step.as_str()), (2, step));
        assert!(failure.why.contains(why), "{step}: {failure}");
        assert!(played.text.contains(&format!("\n> {step}\n")), "{}", played.text);
        assert!(!played.text.contains("> expect Converged=Unknown"), "it ends there\n{}", played.text);
    }
}

#[test]
fn every_error_of_a_script_is_told_with_its_line_and_a_remedy() {
    for (line, told) in [
        ("explode", "\"explode\" is no step; there are for, until,"),
        ("for ever", "\"ever\" is no duration; write 200ms"),
        ("for", "\"\" is no duration"),
        ("until Converged", "write until CLAIM within 60s"),
        ("until Happiness within 1s", "The conditions are ConfigValid,"),
        ("until Converged=Maybe within 1s", "\"Maybe\" is none of True, False, Unknown"),
        ("until Registered=False:denied within 1s", "\"denied\" is no reason"),
        ("until NAS 0xZZ within 1s", "\"0xZZ\" is no request of nas"),
        ("never dial", "write never CLAIM for 1h"),
        ("expect", "is no claim; write a condition"),
        ("expect requests = many", "\"many\" is no number of times"),
        ("expect XYZ 0x33 = 1", "\"XYZ\" is no service"),
        ("expect sent NAS 33", "message id, length and TLVs"),
        ("expect property apn = x", "write the modem as well: wwan0.apn"),
        ("disturb explode", "\"explode\": unknown variant"),
        ("disturb hang 7", "write key=value"),
        ("edit other.yaml", "there is no file \"other.yaml\""),
        ("edit other", "write edit OTHER.yaml"),
        ("crash slowly", "write crash, or crash forgetting"),
        ("mark here", "\"mark\" stands alone"),
        ("properties", "write properties PATTERN"),
        ("explain everything", "there are status [wide], explain [provider]"),
        ("faults drop=1", "write to-modem or to-core first"),
        ("faults to-core drop=2000", "at most 1000"),
        ("faults to-core delay_ms=9..3", "ends before it begins"),
        ("faults to-core smash=1", "\"smash\" is none of drop"),
        ("covers: CFG", "\"CFG\" is no feature's ID"),
        ("covers: cfg-7", "is no feature's ID"),
        ("covers: CFG-07", "is no feature's ID"),
        ("covers: CFG-7 CFG-7", "is named twice"),
        ("covers:", "name the features that it shows"),
        ("seed: x", "seed: \"x\" is no number"),
        ("weather: rain", "\"weather:\" is no line of the head, which has covers,"),
        ("personality: perfect", "no \"perfect\" among well-behaved-lte"),
        ("personality: nsa-5g dial_ms=9..3", "dial_ms: 9 is more than 3"),
        ("personality: nsa-5g colour=red", "\"colour\" is none of the fields of a personality"),
        ("personality: nsa-5g renames=perhaps", "neither true nor false"),
        ("card: iccid=12", "\"12\" should have 18 to 20 digits"),
        ("card: spn=\"open", "a quotation mark is missing"),
        ("card: gid1=xyz", "is not hexadecimal"),
        ("network: technologies=lte+6g", "\"6g\" is none of gsm"),
        ("network: refuse=internet", "write refuse=APN:CAUSE"),
        ("network: colour=red", "\"colour\" is none of coverage"),
        ("device: imei=1", "should have 15 to 15 digits"),
        ("host: cold", "write host: no-power-switch"),
        ("secret: corp", "write secret: NAME=VALUE"),
        ("modem: two words", "write modem: NAME"),
    ] {
        let all = troubles(&format!("# head\n{line}\nfor 1s\n"), &[]);
        assert_eq!(all.len(), 1, "{line}: {all:?}");
        assert!(all[0].starts_with("script:2: ") && all[0].contains(told), "{line}: {all:?}");
    }
    let all = troubles("explode\nfor 1s\nseed: 3\nfor ever\n", &[]);
    assert_eq!(all.len(), 3, "all at once: {all:?}");
    assert!(all[1].contains("before the first step"));
}

#[test]
fn a_directory_must_be_whole() {
    assert_eq!(troubles("for 1s", &[("other.yaml", GOOD)]), ["no step uses \"other.yaml\"; write: edit other.yaml"]);
    assert!(troubles("# nothing\n", &[])[0].contains("has no step"));
    let text = |files: &[(&str, &[u8])]| {
        let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
        Scenario::read(files).unwrap_err()[0].to_string()
    };
    assert!(text(&[]).starts_with("there is no file \"script\""));
    assert!(text(&[(SCRIPT, b"for 1s")]).starts_with("there is no file \"wwan.yaml\""));
    assert_eq!(text(&[(SCRIPT, b"\xff")]), "\"script\" is not UTF-8 text");
}

#[test]
fn what_an_edit_brings_at_its_moment_belongs_to_the_wait_after_it() {
    let other = GOOD.replace("internet", "other");
    for (wait, met) in
        [("until stop within 1ms", true), ("expect no stops for 1ms", false), ("for 1ms\nuntil stop within 1ms", false)]
    {
        let script = format!("until Converged within 2m\nfor 1m\nedit other.yaml\n{wait}\n");
        let scenario = Scenario::read(files(&script, &[("other.yaml", &other)])).unwrap();
        let played = scenario.play(&mut Plain);
        assert_eq!(played.failure.is_none(), met, "{wait}\n{}", played.text);
    }
}

#[test]
fn two_modems_have_their_own_lines_and_steps() {
    let two = format!("{GOOD}  wwan1:\n    service_providers:\n      - apn: second\n");
    let script = "modem: wwan1\ncard: none\nuntil Converged within 2m\nmodem wwan1\nexpect SimReady=False:NoCard\n\
                  expect no session\nexpect property wwan0.mobile.apn = internet\n";
    let scenario = Scenario::read(files(script, &[(CONFIG, &two)])).unwrap();
    let played = scenario.play(&mut Plain);
    assert_eq!(played.failure, None, "{}", played.text);
}
