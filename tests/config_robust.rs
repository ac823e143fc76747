//! What a broken editor, a broken disk or an attacker can make of a file: never a panic, never another configuration
//! than a person wrote, never much time or memory.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use wwan::config::{self, Code, Config, Loaded, Source};

const TYPICAL: &str = include_str!("../examples/typical.yaml");
const FLEET: &str = include_str!("../examples/fleet.yaml");

fn load(text: impl Into<Vec<u8>>) -> Loaded {
    config::load(&[Source::new("/etc/wwan.yaml", text)])
}

fn config(text: &str) -> Config {
    let loaded = load(text);
    loaded.config.unwrap_or_else(|| panic!("{}", loaded.diagnostics.render(false)))
}

/// A file that is cut off within a line is refused. Cut off between two lines it may be a shorter file that means what it
/// says: against that the watcher waits for the writer to close it.
#[test]
fn a_truncated_file_is_refused_or_ends_with_a_whole_line() {
    for text in [TYPICAL, FLEET] {
        let whole = config(text);
        for cut in 0..text.len() {
            let Some(config) = load(&text.as_bytes()[..cut]).config else { continue };
            let at_line_end = text[..cut].ends_with('\n') || text[cut..].starts_with('\n');
            assert!(at_line_end || config == whole, "cut at {cut}: …{:?}", &text[..cut].lines().last());
        }
    }
}

#[test]
fn a_lost_tail_of_comments_changes_nothing() {
    let text = format!("{TYPICAL}# one\n# two, the last\n");
    let whole = config(&text);
    for cut in TYPICAL.len()..text.len() {
        let loaded = load(&text.as_bytes()[..cut]);
        let unfinished = loaded.diagnostics.errors().all(|d| d.code == Code::UnfinishedLine);
        assert!(loaded.config.is_none_or(|c| c == whole) && unfinished, "cut at {cut}");
    }
}

#[test]
fn no_changed_byte_makes_it_panic() {
    for text in [TYPICAL, FLEET] {
        const BYTES: [u8; 10] = [0, b'\n', b' ', b':', b'{', b'"', b'*', b'0', 0xff, b'#'];
        for at in 0..text.len() {
            for byte in [BYTES[at % BYTES.len()], at.to_le_bytes()[0]] {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] = byte;
                let loaded = load(bytes);
                assert_eq!(loaded.config.is_none(), loaded.diagnostics.has_errors(), "byte {byte} at {at}");
                assert!(loaded.diagnostics.0.iter().all(|d| d.line >= 1 && d.column >= 1));
            }
        }
    }
}

/// Deep, wide, repetitive or simply long: refused quickly. The bound is a hundred times what a release build takes, so
/// that a busy machine and a debug build pass; what it catches is work that grows with the square of the file.
#[test]
fn bombs_are_refused_in_bounded_time() {
    let wide =
        format!("version: 1\nmodems: {{ wwan0: {{ only_radio_technologies: [{}] }} }}\n", "lte, ".repeat(30_000));
    let keys = (0..20_000).map(|n| format!("k{n}: 1\n")).collect::<String>();
    let long_text = format!("version: 1\nx: &a {}\ny: [{}]\n", "z".repeat(100_000), "*a, ".repeat(20_000));
    let billion: String = "abcdefghij".chars().fold(String::new(), |text, c| {
        let last = text.lines().count();
        let before = char::from(b'a' + u8::try_from(last).unwrap()).to_string();
        let inner = if last == 0 {
            "lol, ".repeat(10)
        } else {
            format!("*{}, ", char::from(before.as_bytes()[0] - 1)).repeat(10)
        };
        format!("{text}{c}: &{c} [{inner}]\n")
    });
    for (name, text) in [
        ("brackets", "[".repeat(100_000)),
        ("maps", "{a: ".repeat(20_000)),
        ("dashes", "- ".repeat(50_000)),
        ("questions", "? ".repeat(50_000)),
        ("wide", wide),
        ("keys", keys),
        ("scalars through aliases", long_text),
        ("billion laughs", billion),
        ("one byte too long", format!("#{}", " ".repeat(256 * 1024))),
        ("megabytes", "a".repeat(8 * 1024 * 1024)),
        ("quotes", "\"".repeat(100_000)),
        ("colons", ": ".repeat(100_000)),
        ("bars", "a: |\n".repeat(20_000)),
        (
            "unknown keys",
            format!("version: 1\n{}", (0..4000).map(|n| format!("key_number_{n}: 1\n")).collect::<String>()),
        ),
        ("unknown values", format!("modems: {{a: {{only_radio_technologies: [{}]}}}}", "ltte, ".repeat(9000))),
        ("bad providers", format!("defaults: {{service_providers: [{}]}}", "{apnn: 1}, ".repeat(3000))),
        (
            "many modems",
            format!("version: 1\nmodems:\n{}", (0..3000).map(|n| format!("  w{n}: {{}}\n")).collect::<String>()),
        ),
        ("same names", format!("version: 1\nmodems: {{a: {{service_providers: [{}]}}}}", "{name: a}, ".repeat(3000))),
        ("tags", "!a ".repeat(50_000)),
    ] {
        let start = clock();
        let loaded = load(text);
        let took = start.elapsed();
        assert!(loaded.config.is_none(), "{name}");
        let printed = loaded.diagnostics.render(false);
        assert!(printed.len() < 64 * 1024, "{name}: {} bytes of complaint", printed.len());
        assert!(took < Duration::from_secs(20), "{name} took {took:?}");
        println!(
            "{name}: {took:?} {:?}",
            loaded.diagnostics.headline().map(|h| h.chars().take(90).collect::<String>())
        );
    }
}

/// CFG-6: formatting, comments, quoting, the order of keys and the file it comes from are no change.
#[test]
fn an_equal_edit_is_no_change() {
    let one = config("version: 1\nmodems: {wwan0: {service_providers: [{apn: internet, name: a}], ip: {mtu: 1400}}}\n");
    let two = config(
        "# moved\nmodems:\n  'wwan0':\n    ip:\n      mtu: 1400\n    service_providers:\n    - name: \"a\"\n      apn: internet\nversion: 1\n",
    );
    assert_eq!(one, two);
    assert_eq!(one.canonical(), two.canonical());
    let by_default = config(
        "version: 1\ndefaults: {ip: {mtu: 1400}}\nmodems: {wwan0: {service_providers: [{name: a, apn: internet}]}}\n",
    );
    assert_eq!(one, by_default);
    let other =
        config("version: 1\nmodems: {wwan0: {service_providers: [{apn: internet, name: a}], ip: {mtu: 1401}}}\n");
    assert_ne!(one, other);
    assert_ne!(one.canonical(), other.canonical());
}

/// A digest is shown to everybody: it must not be a way to guess a PIN. The configurations differ all the same.
#[test]
fn a_changed_secret_is_a_change_but_not_of_the_digest() {
    let text =
        |pin| format!("version: 1\nmodems: {{wwan0: {{service_providers: [{{apn: a}}], sim: {{pin: \"{pin}\"}}}}}}\n");
    let (one, two) = (config(&text("1234")), config(&text("4321")));
    assert_ne!(one, two);
    assert_eq!(one.canonical(), two.canonical());
    assert!(!format!("{one:?}").contains("1234"), "{one:?}");
}

/// The edit → configuration path is short enough to run on every event; the bound allows for a debug build.
#[test]
fn a_typical_file_loads_in_milliseconds() {
    let sources = [Source::new("/etc/wwan.yaml", TYPICAL)];
    let start = clock();
    assert!(config::load(&sources).config.is_some());
    let first = start.elapsed();
    const RUNS: u32 = 200;
    let start = clock();
    for _ in 0..RUNS {
        assert!(config::load(&sources).config.is_some());
    }
    let each = start.elapsed() / RUNS;
    println!("first {first:?}, then {each:?} each");
    assert!(each < Duration::from_millis(20), "{each:?}");
}

#[expect(clippy::disallowed_methods, reason = "these tests measure real time")]
fn clock() -> Instant {
    Instant::now()
}
