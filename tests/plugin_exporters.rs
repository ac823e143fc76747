//! Exporters one by one, without a daemon: the one that comes with the source, and such as were made to do harm.
#![cfg(feature = "wasm-compiler")]
#![allow(clippy::disallowed_methods, missing_docs, clippy::unwrap_used, reason = "a test")]

mod plugin_support;
mod shell_support;

use plugin_support::{core, exporter, exporter_core, load, policy, publishing_exporter, put, root};
use shell_support::Place;
use wwan::model::{Hook, NoAnswer, Outlet, Plugin, PluginLimits};
use wwan::plugin::{Batch, Called, LoadError, Loaded, Resident, Told};
use wwan::property::Value;

const INFLUX: &str = "plugins/exporter-rust/influx.wasm";
/// All is well, and there is nothing to say.
const OK: &str = "(i32.const 1024)";

fn outlets() -> Vec<Outlet> {
    vec![
        Outlet::HttpPost("http://127.0.0.1:9/write".into()),
        Outlet::Udp("127.0.0.1:9".parse().unwrap()),
        Outlet::Append("/nowhere/x".into()),
    ]
}

fn loaded(bytes: &[u8]) -> Result<Loaded, LoadError> {
    load(bytes, |plugin| Plugin {
        hooks: vec![Hook::Export],
        outlets: outlets(),
        limits: PluginLimits { memory: 1 << 20, ..PluginLimits::default() },
        ..plugin
    })
}

fn change(value: i64) -> Batch {
    let told = Told {
        modem: "wwan0".into(),
        property: "mobile.lte_rsrp_dbm".into(),
        value: Some(Value::Integer(value)),
        at: None,
    };
    Batch { changes: vec![told], lost: 0 }
}

/// Ends in a trap unless the property that was put last was refused for this reason.
fn refused(why: u32) -> String {
    format!(
        "(if (i32.ne (i32.load8_u (i32.const 2048)) (i32.const 1)) (then (unreachable)))
         (if (i32.ne (i32.load8_u (i32.const 2049)) (i32.const {why})) (then (unreachable)))"
    )
}

/// So many letters.
fn filled(at: u32, count: usize) -> String {
    format!("(data (i32.const {at}) \"{}\")", "n".repeat(count))
}

struct Scene {
    loaded: Loaded,
    resident: Resident,
}

impl Scene {
    /// An exporter that does this when it is told of a change.
    fn doing(change: &str, more: &str) -> Self {
        Self::of(&exporter_core(OK, change, OK, more))
    }

    fn of(core: &str) -> Self {
        let loaded = loaded(&exporter(core)).unwrap_or_else(|error| panic!("{error}"));
        let resident = loaded.move_in(outlets(), "{}").unwrap();
        Self { loaded, resident }
    }

    fn tell(&mut self) -> Called {
        self.resident.tell(&self.loaded, change(-90))
    }
}

/// What an exporter puts is there after a call that succeeds, bounded in names, number and size.
#[test]
fn prop_5_what_an_exporter_publishes_is_bounded() {
    let good = [put(64, 3, 0, 1, 0), put(67, 6, 1, -7, 0), put(73, 1, 2, 80, 300), put(64, 3, 0, 1, 0)].concat();
    let bad: String = [(512, 0), (96, 3), (99, 3), (102, 2), (104, 5), (512, 65)]
        .into_iter()
        .map(|(at, length)| put(at, length, 0, 1, 0) + &refused(0))
        .collect();
    let data = "(data (i32.const 64) \"a.bc.d-e_Fx\") (data (i32.const 80) \"\\1b[2Jtext\") (data (i32.const 96) \"..a.a\\20a..a\\c3\\a4xx\")";
    let bytes = publishing_exporter(&format!("{good} {bad} (i32.const 1024)"), &format!("{data} {}", filled(512, 65)));
    let loaded = loaded(&bytes).unwrap_or_else(|error| panic!("{error}"));
    let mut resident = loaded.move_in(outlets(), "{}").unwrap();
    assert!(resident.published().is_empty(), "nobody has told it anything yet");
    let called = resident.tell(&loaded, change(-90));
    assert_eq!(called.result, Ok(()));
    let names: Vec<&str> = resident.published().keys().map(String::as_str).collect();
    assert_eq!(names, ["F", "a.b", "c.d-e_"]);
    assert_eq!(resident.published()["a.b"], Value::Flag(true));
    assert_eq!(resident.published()["c.d-e_"], Value::Integer(-7));
    let Value::Text(text) = &resident.published()["F"] else { panic!() };
    assert!(text.starts_with("[2Jtext") && text.len() <= 256, "{text:?}");
}

#[test]
fn prop_5_an_exporter_has_64_properties_and_what_a_failed_call_puts_is_forgotten() {
    // `aa`, `ba`, `ca` …: the first letter counts calls, the second the properties of one.
    let count = "(i32.store8 (i32.const 65) (i32.const 48))
        (loop $again
          (i32.store8 (i32.const 65) (i32.add (i32.load8_u (i32.const 65)) (i32.const 1)))
          PUT
          (br_if $again (i32.lt_u (i32.load8_u (i32.const 65)) (i32.const 57))))
        (i32.store8 (i32.const 64) (i32.add (i32.load8_u (i32.const 64)) (i32.const 1)))
        (if (i32.eq (i32.load8_u (i32.const 64)) (i32.const 110)) (then (unreachable)))
        (i32.const 1024)";
    let bytes = publishing_exporter(&count.replace("PUT", &put(64, 2, 1, 5, 0)), "(data (i32.const 64) \"a0\")");
    let loaded = loaded(&bytes).unwrap_or_else(|error| panic!("{error}"));
    let mut resident = loaded.move_in(outlets(), "{}").unwrap();
    for call in 1..=12 {
        let called = resident.tell(&loaded, change(-90));
        assert_eq!((called.result, resident.published().len()), (Ok(()), (call * 9).min(64)));
    }
    let called = resident.tell(&loaded, change(-90));
    assert!(called.result.is_err(), "it ends in a trap");
    assert_eq!(resident.published().len(), 64);
}

#[test]
fn stat_3_the_example_watches_an_allowance_and_the_command_shows_what_it_publishes() {
    let place = Place::new();
    let (file, cases) = (root().join("plugins/quota-rust/quota.wasm"), root().join("plugins/cases/quota.json"));
    let test = |facts: &str| place.wwan(&["plugin", "test", file.to_str().unwrap(), "--facts", facts]);
    let out = test(cases.to_str().unwrap()).ended(0);
    assert_eq!(out.lines().filter(|line| line.starts_with("ok    ")).count(), 2, "{out}");
    assert!(out.contains("publishes wwan0.over_limit true"), "{out}");
    let other =
        std::fs::read_to_string(&cases).unwrap().replace("\"wwan0.used_bytes\": 499", "\"wwan0.used_bytes\": 500");
    let out = test(place.write("other.json", &other).to_str().unwrap()).ended(1);
    assert!(out.contains("expected to publish {") && out.contains("1 of 2 answers are not as expected"), "{out}");
}

/// The command that an author uses: cases, and what is shown of them.
#[test]
fn ops_4_the_example_writes_line_protocol_and_the_command_shows_what_it_would_send() {
    let place = Place::new();
    let (file, facts) = (root().join(INFLUX), root().join("plugins/cases/exporter.json"));
    let args = ["plugin", "test", file.to_str().unwrap(), "--facts", facts.to_str().unwrap()];
    let out = place.wwan(&args).ended(0);
    assert_eq!(out.lines().filter(|line| line.starts_with("ok    ")).count(), 4, "{out}");
    for words in [
        "POST http://127.0.0.1:8086/write?db=wwan (text/plain; charset=utf-8) ",
        "datagram to 127.0.0.1:8089 ",
        "append to /var/log/wwan.lp ",
        "mobile.lte_rsrp_dbm=-95i",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let wrong = std::fs::read_to_string(&facts).unwrap().replace("-96i", "-97i");
    let wrong = place.write("wrong.json", &wrong);
    let out = place.wwan(&["plugin", "test", file.to_str().unwrap(), "--facts", wrong.to_str().unwrap()]).ended(1);
    assert!(out.contains("1 of 4 answers are not as expected") && out.contains("expected [\"wwan,"), "{out}");
    let shown = place.wwan(&["plugin", "show", file.to_str().unwrap()]).ended(0);
    for words in ["wwan:plugin/exporter@0.1.1", "does     sends InfluxDB line protocol every 10 s", "all properties"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

/// Beyond what a request may have, it sends at once and in several.
#[test]
fn the_example_never_sends_more_than_it_may() {
    let bytes = std::fs::read(root().join(INFLUX)).unwrap();
    let entry = |plugin| Plugin { hooks: vec![Hook::Export], ..plugin };
    let loaded = load(&bytes, entry).unwrap_or_else(|error| panic!("{error}"));
    let mut resident = loaded.move_in(vec![outlets().remove(0)], "{}").unwrap();
    let mut requests = Vec::new();
    for round in 0..12 {
        let told = |number: u64| Told {
            modem: "wwan0".into(),
            property: "mobile.operator_name".into(),
            value: Some(Value::Text("x".repeat(10))),
            at: Some(round * 1000 + number),
        };
        let called = resident.tell(&loaded, Batch { changes: (0..256).map(told).collect(), lost: 0 });
        assert_eq!(called.result, Ok(()));
        requests.extend(called.sent);
    }
    let called = resident.tick(&loaded, None);
    assert_eq!(called.result, Ok(()));
    requests.extend(called.sent);
    assert!(requests.len() > 2 && requests.iter().all(|request| request.bytes.len() <= 60_000), "{}", requests.len());
    let lines: usize = requests.iter().map(|r| r.bytes.iter().filter(|b| **b == b'\n').count()).sum();
    assert_eq!(lines, 12 * 256, "every line once");
    // It remembers as much as one request has, not all it ever sent.
    assert!(called.memory < 2 << 20, "{} bytes", called.memory);
}

#[test]
fn safe_3_an_exporter_that_does_harm_ends_at_a_limit_and_sends_nothing() {
    let send = "(call $datagram (i32.const 1) (i32.const 64) (i32.const 2) (i32.const 2048))";
    for (what, change, more, expected) in [
        ("spins", "(loop $l (br $l)) unreachable", "", NoAnswer::OutOfTime),
        ("grows", "(loop $l (drop (memory.grow (i32.const 1))) (br $l)) unreachable", "", NoAnswer::OutOfMemory),
        ("recurses", "(call $r) unreachable", "(func $r (call $r))", NoAnswer::Trapped("call stack exhausted".into())),
        (
            "sends without end",
            "(loop $l (call $datagram (i32.const 1) (i32.const 64) (i32.const 2) (i32.const 2048)) (br $l)) unreachable",
            "",
            NoAnswer::OutOfTime,
        ),
        (
            "says no",
            "(i32.store8 (i32.const 4096) (i32.const 1)) (i32.store (i32.const 4100) (i32.const 64)) \
             (i32.store (i32.const 4104) (i32.const 2)) (i32.const 4096)",
            "(data (i32.const 64) \"no\")",
            NoAnswer::Error("no".into()),
        ),
    ] {
        let called = Scene::doing(&format!("{send} {change}"), more).tell();
        match (&called.result, &expected) {
            (Err(NoAnswer::Trapped(said)), NoAnswer::Trapped(words)) => assert!(said.contains(words), "{what}: {said}"),
            (result, _) => assert_eq!(*result, Err(expected), "{what}"),
        }
        assert!(called.sent.is_empty(), "{what}: what it has sent before is forgotten");
        assert!(called.memory <= 1 << 20, "{what}: {} bytes", called.memory);
    }
}

/// A call of an outlet, and a trap unless it was refused for this reason; `None`: unless it was taken.
fn sends(call: &str, refusal: Option<u32>) -> String {
    let is_so = match refusal {
        None => "(i32.eqz (i32.load8_u (i32.const 2048)))".to_owned(),
        Some(why) => format!(
            "(i32.and (i32.eq (i32.load8_u (i32.const 2048)) (i32.const 1)) \
             (i32.eq (i32.load8_u (i32.const 2049)) (i32.const {why})))"
        ),
    };
    format!("{call} (if (i32.eqz {is_so}) (then unreachable))")
}

#[test]
fn safe_3_messages_go_where_the_file_says_and_are_of_bounded_size_and_number() {
    let datagram = |outlet: u32, bytes: u32| {
        format!("(call $datagram (i32.const {outlet}) (i32.const 64) (i32.const {bytes}) (i32.const 2048))")
    };
    let post = |outlet: u32, kind: u32, bytes: u32| {
        format!(
            "(call $post (i32.const {outlet}) (i32.const 64) (i32.const {kind}) (i32.const 64) (i32.const {bytes}) \
             (i32.const 2048))"
        )
    };
    let append = |outlet: u32, bytes: u32| {
        format!("(call $append (i32.const {outlet}) (i32.const 64) (i32.const {bytes}) (i32.const 2048))")
    };
    let words = "(data (i32.const 64) \"text/plain\\0d\\0aX: y\")";
    for (what, call, refusal, sent) in [
        ("a datagram", datagram(1, 1400), None, 1),
        ("a datagram that is too large", datagram(1, 1401), Some(1), 0),
        ("a datagram to an outlet that is not there", datagram(3, 1), Some(0), 0),
        ("a datagram to the last number there is", datagram(u32::MAX, 1), Some(0), 0),
        ("a datagram to a server", datagram(0, 1), Some(0), 0),
        ("a request", post(0, 10, 65_536), None, 1),
        ("a request that is too large", post(0, 10, 65_537), Some(1), 0),
        ("a request to a file", post(2, 10, 1), Some(0), 0),
        ("a request with a header of its own", post(0, 16, 1), Some(2), 0),
        ("a request of no kind", post(0, 0, 1), Some(2), 0),
        ("bytes for a file", append(2, 65_536), None, 1),
        ("bytes for a datagram's outlet", append(1, 1), Some(0), 0),
    ] {
        let called = Scene::doing(&format!("{} {OK}", sends(&call, refusal)), words).tell();
        assert_eq!((called.result, called.sent.len()), (Ok(()), sent), "{what}");
    }
    let many = format!("{} {}", datagram(1, 2).repeat(32), sends(&datagram(1, 2), Some(3)));
    let called = Scene::doing(&format!("{many} {OK}"), words).tell();
    assert_eq!((called.result, called.sent.len()), (Ok(()), 32), "thirty-two in a call");
    // What is larger than anything that could be taken is not even copied.
    let called = Scene::doing(&format!("{} {OK}", post(0, 10, 300_000)), words).tell();
    assert!(matches!(called.result, Err(NoAnswer::Trapped(_))), "{:?}", called.result);
}

/// An instance remembers; a new one does not; and it knows no time that it was not told.
#[test]
fn an_instance_remembers_until_it_ends() {
    let counts = "(global.set $calls (i32.add (global.get $calls) (i32.const 1))) \
                  (if (i32.eq (global.get $calls) (i32.const 3)) (then unreachable)) (i32.const 1024)";
    let timeless = "(if (local.get $known) (then unreachable)) (i32.const 1024)";
    let core = exporter_core(OK, counts, timeless, "(global $calls (mut i32) (i32.const 0))");
    let mut scene = Scene::of(&core);
    assert!(scene.tell().result.is_ok() && scene.tell().result.is_ok());
    assert!(matches!(scene.tell().result, Err(NoAnswer::Trapped(_))));
    assert!(matches!(scene.tell().result, Err(NoAnswer::Trapped(_))), "one that has trapped cannot be entered again");
    scene.resident = scene.loaded.move_in(outlets(), "{}").unwrap();
    assert!(scene.tell().result.is_ok());
    assert_eq!(scene.resident.tick(&scene.loaded, None).result, Ok(()));
    assert!(scene.resident.tick(&scene.loaded, Some(7)).result.is_err());
}

#[test]
fn what_is_no_exporter_is_refused_with_a_reason() {
    let of = |describe: &str, more: &str| exporter(&exporter_core(describe, OK, OK, more));
    let says_no = "(i32.store8 (i32.const 4096) (i32.const 1)) (i32.store (i32.const 4100) (i32.const 64)) \
                   (i32.store (i32.const 4104) (i32.const 8)) (i32.const 4096)";
    for (what, bytes, words) in [
        ("a policy", policy(&core("unreachable", "")), "does not export wwan:plugin/exporter@0.1.0"),
        ("spins when it is asked what it is", of("(loop $l (br $l)) unreachable", ""), "time limit"),
        ("does not know what it is", of(says_no, "(data (i32.const 64) \"too busy\")"), "too busy"),
        ("describes itself beyond its memory", of("(i32.const 524280)", ""), "bounds"),
        ("spins at its start", of(OK, "(func $s (loop $l (br $l))) (start $s)"), "time limit"),
    ] {
        let error = loaded(&bytes).err().unwrap_or_else(|| panic!("{what} was loaded")).to_string();
        assert!(error.contains(words), "{what}: {error}");
    }
    let advises = load(&of(OK, ""), |plugin| plugin).err().unwrap().to_string();
    assert!(advises.contains("wwan:plugin/outlets"), "as a policy it gets no outlets: {advises}");
}

/// Thousands of patterns, a tick every zero seconds: cut to what is sensible.
#[test]
fn what_an_exporter_says_of_itself_is_cut_to_size() {
    let describe = "(i32.store (i32.const 1028) (i32.const 64)) (i32.store (i32.const 1032) (i32.const 900)) \
                    (i32.store (i32.const 1036) (i32.const 16384)) (i32.store (i32.const 1040) (i32.const 1000)) \
                    (i32.store8 (i32.const 1044) (i32.const 1)) (i32.const 1024)";
    let scene = Scene::of(&exporter_core(describe, OK, OK, "(data (i32.const 64) \"\\1b[31mred\")"));
    let description = scene.resident.description();
    assert!(description.about.starts_with("[31mred") && description.about.len() <= 200, "{description:?}");
    assert_eq!((description.properties.len(), description.tick_seconds), (64, Some(1)));
}
