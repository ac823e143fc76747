//! Property: the schema and the typed parser give the same verdict on every document.
//!
//! Documents are made from the grammar, most values legal, many at a border, and then mutated. A fixed seed: the same
//! ten thousand every time.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::merge;
use super::scalars::FORMS;
use super::schema::compiled;
use super::tree::Node;
use super::types::Document;
use super::yaml;

const DOCUMENTS: u32 = 10_000;
const SEED: u64 = 0x7777_616e;

#[test]
fn schema_and_parser_agree_on_ten_thousand_documents() {
    let mut dice = Dice(SEED);
    let mut accepted = 0;
    for n in 0..DOCUMENTS {
        let mut document = dice.document();
        for _ in 0..dice.below(3) {
            dice.mutate(&mut document, 0);
        }
        let document = through_yaml(&document);
        let by_schema = compiled().validator.is_valid(&document);
        let typed: Result<Document, _> = Deserialize::deserialize(&document);
        assert_eq!(by_schema, typed.is_ok(), "document {n}: {document}\n{:?}", typed.err());
        accepted += u32::from(by_schema);
    }
    // A property that only ever sees one verdict proves nothing.
    assert!((DOCUMENTS / 5..DOCUMENTS / 5 * 4).contains(&accepted), "{accepted} accepted");
}

/// Documents rarely hit the border of a form; here every form is tried at every length and with every character.
#[test]
fn every_form_agrees_with_its_pattern_at_its_borders() {
    let mut texts: Vec<String> = ["0", "a", "F", "/", "-", "1.", "0:", "é", "~"]
        .into_iter()
        .flat_map(|part| (0..=260).map(move |n| part.repeat(n)))
        .collect();
    let ports = ["0", "1", "9999", "59999", "64999", "65000", "65535", "65536", "65540", "66000", "70000", "99999"];
    texts.extend(ports.iter().flat_map(|port| [format!("http://a.b:{port}"), format!("http://a:{port}/x")]));
    let long = [format!("http://{}", "a".repeat(253)), format!("http://a/{}", "p".repeat(400))];
    texts.extend(long.iter().flat_map(|url| [url.clone(), format!("{url}x")]));
    for good in [
        "8988307F",
        "internet",
        "/dev/cdc-wdm0",
        "2c7c:0125",
        "1-1.2.3.4.5.6.7.8",
        "[::1]:80",
        "1.2.3.4:5",
        "a_b-c.d",
        "http://1.2.3.4:8086/write?db=wwan&precision=ms",
    ] {
        for c in (0..=0x17f).filter_map(char::from_u32) {
            let changed = good.char_indices().map(|(i, _)| format!("{}{c}{}", &good[..i], &good[i + 1..]));
            texts.extend(changed.chain([format!("{good}{c}"), format!("{c}{good}")]));
        }
    }
    for form in FORMS.iter().filter(|form| form.format.is_none()) {
        let schema = json!({ "type": "string", "pattern": form.pattern });
        let validator = jsonschema::validator_for(&schema).unwrap();
        for text in &texts {
            assert_eq!(validator.is_valid(&json!(text)), (form.check)(text), "{text:?} as {}", form.expected);
        }
    }
}

/// What is legal alone is legal together: no merging of layers makes a map that nobody could have written.
#[test]
fn merged_valid_documents_are_valid() {
    let mut dice = Dice(SEED);
    let mut layers = Vec::new();
    let mut last_valid: Option<Node> = None;
    let mut merged = 0;
    for _ in 0..DOCUMENTS / 2 {
        let (Some(tree), _) = yaml::parse(&dice.document().to_string(), 0) else { continue };
        if !compiled().validator.is_valid(&tree.to_json()) {
            continue;
        }
        layers.extend(last_valid.replace(tree.clone()));
        layers.push(tree);
        let document = merge::layers(std::mem::take(&mut layers));
        assert!(compiled().validator.is_valid(&document.to_json()), "{}", document.to_json());
        for modem in merge::modems(&document) {
            let alone = json!({ "version": 1, "modems": { "wwan0": modem.value.to_json() } });
            assert!(compiled().validator.is_valid(&alone), "{alone}");
            merged += 1;
        }
    }
    assert!(merged > 1000, "{merged}");
}

/// JSON is YAML: what machines write reads back as the same value, but for the spelling of numbers (`1400.0` is 1400).
fn through_yaml(document: &Value) -> Value {
    let (Some(tree), _) = yaml::parse(&document.to_string(), 0) else {
        assert_eq!(document, &json!({}), "only the empty document says nothing");
        return json!({});
    };
    let read = tree.to_json();
    assert_eq!(spelt(read.clone()), spelt(document.clone()));
    read
}

fn spelt(value: Value) -> Value {
    match value {
        Value::Number(n) => json!(n.as_f64().map(|f| format!("{}", f + 0.0))),
        Value::Array(items) => items.into_iter().map(spelt).collect(),
        Value::Object(map) => map.into_iter().map(|(k, v)| (k, spelt(v))).collect(),
        other => other,
    }
}

/// A small generator of numbers (splitmix64): deterministic, and no dependency.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(len).unwrap()).unwrap()
    }

    fn pick(&mut self, list: &[Value]) -> Value {
        list[self.index(list.len())].clone()
    }

    fn document(&mut self) -> Value {
        let mut map = Map::from_iter([("version".to_owned(), json!(1))]);
        self.maybe(&mut map, "defaults", Self::modem);
        self.maybe(&mut map, "modems", |dice| {
            let names = ["wwan0", "wwan1", "a.b-c_d", "usb0"];
            let n = dice.index(3);
            names.iter().take(n).map(|name| ((*name).to_owned(), dice.modem())).collect::<Map<_, _>>().into()
        });
        self.maybe(&mut map, "labels", |dice| {
            (0..dice.below(3)).map(|_| dice.pick(&[json!("factory-7"), json!("cell-test")])).collect()
        });
        self.maybe(&mut map, "allow_empty", |dice| dice.pick(&[json!(true), json!(false)]));
        self.maybe(&mut map, "exporters", |dice| {
            let good = ["127.0.0.1:9767", "[::1]:0", "0.0.0.0:65535", "[fe80::1:2]:80"].map(|a| json!(a));
            let bad =
                ["127.0.0.1", "1.2.3:80", "[::1]:65536", "::1:80", "[fe80::1%2]:80", "999.1.1.1:1"].map(|a| json!(a));
            let listen = if dice.below(6) == 0 { dice.pick(&bad) } else { dice.pick(&good) };
            match dice.below(4) {
                0 => json!({ "textfile": { "path": "/run/a.prom" }, "state_file": { "path": "/run/a.json" } }),
                1 => json!({ "state_file": { "path": "a.json" } }),
                _ => json!({ "prometheus": { "listen": listen } }),
            }
        });
        map.into()
    }

    fn maybe(&mut self, map: &mut Map<String, Value>, key: &str, make: impl FnOnce(&mut Self) -> Value) {
        if self.below(2) == 0 {
            map.insert(key.to_owned(), make(self));
        }
    }

    fn modem(&mut self) -> Value {
        let mut map = Map::new();
        self.maybe(&mut map, "service_providers", |dice| (0..dice.below(3)).map(|_| dice.provider()).collect());
        self.maybe(&mut map, "only_radio_technologies", |dice| {
            let all = ["cdma_1x", "cdma_1x_evdo", "gsm", "umts", "lte", "td_scdma", "nr5g"].map(|t| json!(t));
            let count = if dice.below(8) == 0 { 0 } else { 1 + dice.below(3) };
            (0..count).map(|_| dice.pick(&all)).collect()
        });
        self.maybe(&mut map, "ip", |dice| {
            let mut ip = Map::new();
            dice.maybe(&mut ip, "family", |d| d.pick(&[json!("ipv4"), json!("ipv6"), json!("ipv4v6")]));
            dice.maybe(&mut ip, "route_metric", |d| d.pick(&[json!(0), json!(700), json!(4_294_967_295_u32)]));
            dice.maybe(&mut ip, "mtu", |d| d.pick(&[json!(576), json!(1500), json!(9000)]));
            dice.maybe(&mut ip, "method", |d| d.pick(&[json!("modem"), json!("dhcp")]));
            dice.maybe(&mut ip, "hostname", |d| d.pick(&[json!("gateway"), json!("gw-7"), json!("a.b"), json!("-gw")]));
            dice.maybe(&mut ip, "default_route", |d| d.pick(&[json!(true), json!(false)]));
            dice.maybe(&mut ip, "table", |d| d.pick(&[json!(1), json!(254), json!(4_294_967_295_u32)]));
            dice.maybe(&mut ip, "rule_priority", |d| d.pick(&[json!(1), json!(32_765)]));
            dice.maybe(&mut ip, "vrf", |d| d.pick(&[json!("blue"), json!("v".repeat(15))]));
            ip.into()
        });
        self.maybe(&mut map, "dns", |dice| {
            let odd = [json!({}), json!({ "method": "none", "path": "/run/x" }), json!({ "path": "/run/x" })];
            let file = json!({ "method": "file", "path": "/run/resolv.conf" });
            let methods = ["auto", "resolved", "resolvconf", "file", "none"].map(|method| json!({ "method": method }));
            match dice.below(6) {
                0 => dice.pick(&odd),
                1 => file,
                _ => dice.pick(&methods),
            }
        });
        self.maybe(&mut map, "power", |dice| {
            let reset = json!({ "line": "RESET", "active_low": true });
            let good = [
                json!({ "method": "none" }),
                json!({ "method": "modem-reset" }),
                json!({ "method": "usb-port", "hub": "1-1", "port": 3 }),
                json!({ "method": "usb-port", "hub": "1-1.2.3.4.5.6.7", "port": 31, "hold": "5m" }),
                json!({ "method": "usb-authorized" }),
                json!({ "method": "usb-bind", "device": "1-1.3" }),
                json!({ "method": "gpio", "chip": "gpiochip0", "line": 65_535, "active_low": true }),
                json!({ "method": "gpio", "chip": "label:1", "line": "5V_EN", "reset": reset }),
                json!({ "method": "command", "switch_on": ["/a"], "switch_off": ["/a", "b c"], "off_time": "1s" }),
            ];
            let odd = [
                json!({ "method": "gpio", "chip": "a chip", "line": 1 }),
                json!({ "method": "gpio", "chip": "x", "line": "17", "reset": { "line": -1 } }),
                json!({ "method": "command", "switch_on": [], "switch_off": ["/a"], "shut_down": [""] }),
            ];
            if dice.below(20) == 0 { dice.pick(&odd) } else { dice.pick(&good) }
        });
        self.maybe(&mut map, "match", |dice| {
            let mut keys = Map::new();
            dice.maybe(&mut keys, "usb_id", |d| d.pick(&[json!("2c7c:0125"), json!("2C7C:0125")]));
            dice.maybe(&mut keys, "sysfs_path", |d| d.pick(&[json!("/sys/bus"), json!("/x")]));
            dice.maybe(&mut keys, "imei", |d| d.pick(&[json!("86683404000000"), json!("8668340400000012")]));
            dice.maybe(&mut keys, "model", |d| {
                if d.below(20) == 0 {
                    d.pick(&[json!(" x"), json!("")])
                } else {
                    d.pick(&[json!("EC25"), json!("A B")])
                }
            });
            keys.into()
        });
        self.maybe(&mut map, "control", |dice| {
            let device = json!({ "device": "/dev/cdc-wdm0" });
            let shared = json!({ "device": "/dev/cdc-wdm0", "proxy": true });
            let socket = json!({ "socket": "/run/wwan/x" });
            let odd = [
                json!({}),
                json!({ "proxy": true }),
                json!({ "device": "/a", "socket": "/b" }),
                json!({ "socket": "/b", "proxy": false }),
            ];
            if dice.below(6) == 0 { dice.pick(&odd) } else { dice.pick(&[device, shared, socket]) }
        });
        self.maybe(&mut map, "sim", |dice| {
            let mut sim = Map::new();
            dice.maybe(&mut sim, "pin", Self::secret);
            dice.maybe(&mut sim, "slot", |d| d.pick(&[json!(1), json!(2), json!(2.0)]));
            sim.into()
        });
        for (key, most) in [
            ("only_lte_bands", 256),
            ("only_nr5g_bands", 512),
            ("only_nr5g_sa_bands", 512),
            ("only_nr5g_nsa_bands", 512),
        ] {
            if self.below(6) == 0 {
                let count = if self.below(10) == 0 { 0 } else { 1 + self.below(3) };
                let bands: Vec<Value> =
                    (0..count).map(|_| self.pick(&[json!(1), json!(20), json!(78), json!(most)])).collect();
                map.insert(key.to_owned(), json!(bands));
            }
        }
        self.maybe(&mut map, "network", |d| d.pick(&[json!("automatic"), json!("26201"), json!("310260")]));
        let spans = [json!("1s"), json!("0ms"), json!("999999h"), json!("5m")];
        self.maybe(&mut map, "connection", |dice| json!({ "grace": dice.pick(&spans) }));
        self.maybe(&mut map, "reachability", |dice| {
            let mut reachability = Map::new();
            let all = ["dns", "dns://::1", "tcp://a:1", "http://[::1]/x"].map(|target| json!(target));
            dice.maybe(&mut reachability, "targets", |d| (0..d.below(5)).map(|_| d.pick(&all)).collect());
            dice.maybe(&mut reachability, "every", |d| d.pick(&[json!("10s"), json!("5m"), json!("1h")]));
            dice.maybe(&mut reachability, "data_per_day", |d| d.pick(&[json!("64KiB"), json!("256MiB")]));
            reachability.into()
        });
        self.maybe(&mut map, "on_exit", |d| d.pick(&[json!("keep"), json!("disconnect"), json!("stay")]));
        self.maybe(&mut map, "modem_manager", |d| d.pick(&[json!("leave"), json!("inhibit")]));
        map.into()
    }

    fn provider(&mut self) -> Value {
        let mut map = Map::new();
        let prefixes = |d: &mut Self| {
            let all = ["", "8", "8988307", "89883070000000000012", "8988307F", "f"].map(|p| json!(p));
            (0..d.below(3)).map(|_| d.pick(&all)).collect()
        };
        self.maybe(&mut map, "name", |d| d.pick(&[json!("a"), json!("9.x_Y-z"), json!("n".repeat(64))]));
        self.maybe(&mut map, "apn", |d| d.pick(&[json!("internet"), json!("~"), json!("a".repeat(100))]));
        self.maybe(&mut map, "lookup", |_| json!("mobile-broadband-provider-info"));
        self.maybe(&mut map, "only_iccid_prefixes", prefixes);
        self.maybe(&mut map, "only_imsi_prefixes", prefixes);
        self.maybe(&mut map, "only_home_networks", |d| json!([d.pick(&[json!("26202"), json!("310260")])]));
        let few = |d: &mut Self, all: &[Value]| (0..d.below(3)).map(|_| d.pick(all)).collect::<Value>();
        self.maybe(&mut map, "only_gid1_prefixes", |d| few(d, &[json!(""), json!("4e8A"), json!("F".repeat(40))]));
        self.maybe(&mut map, "only_service_provider_names", |d| {
            few(d, &[json!("a"), json!("é ü"), json!("x".repeat(16))])
        });
        self.maybe(&mut map, "only_labels", |d| few(d, &[json!("factory-7"), json!("9.x_Y-z"), json!("n".repeat(63))]));
        self.maybe(&mut map, "roaming_allowed", |d| d.pick(&[json!(true), json!(false)]));
        self.maybe(&mut map, "ip_family", |d| d.pick(&[json!("ipv4"), json!("ipv4v6")]));
        self.maybe(&mut map, "profile_index", |d| d.pick(&[json!(1), json!(24), json!(2.0)]));
        self.maybe(&mut map, "auth", |d| {
            let username = d.pick(&[json!("gw"), json!(" "), json!("u".repeat(127))]);
            json!({ "method": d.pick(&[json!("pap"), json!("chap")]), "username": username, "password": d.secret() })
        });
        map.into()
    }

    fn secret(&mut self) -> Value {
        self.pick(&[
            json!("hunter2"),
            json!("é".repeat(127)),
            json!({ "credential": "corp-apn" }),
            json!({ "file": "/etc/wwan/pin" }),
            json!({ "env": "WWAN_PIN" }),
        ])
    }

    /// Goes down a random way and changes what it finds there.
    fn mutate(&mut self, value: &mut Value, depth: u32) {
        if depth > 0 && self.below(4) == 0 {
            *value = self.junk();
            return;
        }
        match value {
            Value::Object(map) if !map.is_empty() => {
                let key = map.keys().nth(self.index(map.len())).cloned().unwrap();
                match self.below(12) {
                    0 => drop(map.remove(&key)),
                    1 => drop(map.insert(format!("{key}s"), json!(1))),
                    2 => drop(map.insert(
                        ["method", "apn", "file", "device", "1x", "proxy"][self.index(6)].to_owned(),
                        self.junk(),
                    )),
                    _ => self.mutate(&mut map[&key], depth + 1),
                }
            }
            Value::Array(items) if !items.is_empty() => {
                let i = self.index(items.len());
                self.mutate(&mut items[i], depth + 1);
            }
            Value::String(text) if self.below(2) == 0 => match self.below(5) {
                0 => text.push_str(["0", "F", " ", "é", "/", "\n", "-", ".1"][self.index(8)]),
                1 => drop(text.pop()),
                2 => text.insert(0, ['0', '/', '[', '_', 'ß'][self.index(5)]),
                3 => *text = text.repeat(2),
                _ => *text = text.to_uppercase(),
            },
            other if depth > 0 => *other = self.junk(),
            _ => {}
        }
    }

    fn junk(&mut self) -> Value {
        self.pick(&[
            json!(null),
            json!(true),
            json!(0),
            json!(1),
            json!(-1),
            json!(25),
            json!(575),
            json!(9001),
            json!(1400.0),
            json!(1400.5),
            json!(-0.0),
            json!(4_294_967_296_u64),
            json!(u64::MAX),
            json!(1e300),
            json!(""),
            json!("none"),
            json!("1-1"),
            json!("26202"),
            json!("x".repeat(256)),
            json!("/dev/x"),
            json!([]),
            json!(["lte"]),
            json!({}),
            json!({ "credential": "a", "file": "/x" }),
            json!({ "method": "usb-port" }),
            json!({ "method": "none", "port": 1 }),
        ])
    }
}
