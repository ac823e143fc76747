//! Exporters in the whole daemon, on a simulated modem: to a server that this test is, to one that hangs, to one that is
//! not there; and exporters that were made to do harm, beside which everything goes on.
#![cfg(feature = "wasm-compiler")]
#![allow(clippy::disallowed_methods, missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "a test")]

mod plugin_support;
mod shell_support;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};

use plugin_support::{core, exporter, exporter_core, policy, root};
use shell_support::{Going, PATIENCE, Place};
use wwan::api::{Client, Request};

const HEAD: &str = "version: 1
modems:
  wwan0:
    service_providers:
      - { name: first, apn: super }
plugins:
";

/// A request as the server got it.
#[derive(Debug)]
struct Got {
    line: String,
    headers: Vec<String>,
    body: String,
}

/// A server of HTTP that answers each request with the next of these statuses, and with the last one for ever.
struct Site {
    address: String,
    requests: Receiver<Got>,
}

impl Site {
    fn new(statuses: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (tell, requests) = channel();
        std::thread::spawn(move || serve(&listener, statuses, &tell));
        Self { address, requests }
    }

    /// The next request whose body contains this.
    #[track_caller]
    fn expect(&self, words: &str) -> Got {
        let mut before = Vec::new();
        loop {
            let Ok(got) = self.requests.recv_timeout(PATIENCE) else { panic!("no {words:?} after {before:#?}") };
            if got.body.contains(words) {
                return got;
            }
            before.push(got);
        }
    }
}

fn serve(listener: &TcpListener, statuses: &[&str], tell: &Sender<Got>) {
    for (at, stream) in listener.incoming().enumerate() {
        let mut stream = stream.unwrap();
        let Some(got) = read(&mut stream) else { continue };
        let status = statuses[at.min(statuses.len() - 1)];
        drop(stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok").as_bytes()));
        if tell.send(got).is_err() {
            return;
        }
    }
}

fn read(stream: &mut TcpStream) -> Option<Got> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_ascii_lowercase());
    }
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Got { line: head.remove(0), headers: head, body: String::from_utf8(body).unwrap() })
}

struct Scene {
    place: Place,
    going: Going,
}

impl Scene {
    /// A simulation with these bytes as the plugin, and this entry, in which `MODULE` is its path.
    fn new(module: &[u8], entry: &str) -> Self {
        let place = Place::new();
        fs::write(place.path("e.wasm"), module).unwrap();
        let file = place.write("wwan.yaml", &(HEAD.to_owned() + entry));
        let mut going = place.start(&["simulate", "--quick", "--config", file.to_str().unwrap()]);
        going.expect(&["Converged", "True", "AllApplied"]);
        Self { place, going }
    }

    fn edit(&self, entry: &str) {
        self.place.write("wwan.yaml", &(HEAD.to_owned() + entry));
    }

    fn replace(&self, bytes: &[u8]) {
        let (new, path) = (self.place.path("e.new"), self.place.path("e.wasm"));
        fs::write(&new, bytes).unwrap();
        fs::rename(&new, &path).unwrap();
    }

    /// Every question is answered while something goes on; how long the longest took is printed, not judged: this machine
    /// may be doing ten other things.
    fn is_asked(&self, times: u32) {
        let mut longest = std::time::Duration::ZERO;
        for _ in 0..times {
            let begun = std::time::Instant::now();
            self.place.wwan(&["status"]).ended(0);
            longest = longest.max(begun.elapsed());
        }
        println!("{times} answers, the slowest after {longest:?} with the start of its program");
    }
}

fn influx() -> Vec<u8> {
    fs::read(root().join("plugins/exporter-rust/influx.wasm")).unwrap()
}

fn to(site: &Site, grants: &str, more: &str) -> String {
    format!(
        "  - name: e\n    module: e.wasm\n    hooks: [export]\n    grants: [{grants}]\n    outlets:\n      - {{ method: \
         http-post, url: \"http://{}/write?db=wwan\" }}\n{more}    config: {{ every: 1 }}\n",
        site.address
    )
}

/// Line protocol arrives at a server, over an outage of it, without what identifies anybody until that is granted, and goes
/// on with another module.
#[test]
fn ops_4_properties_arrive_as_line_protocol_and_identities_only_when_granted() {
    let site = Site::new(&["503 Service Unavailable", "503 Service Unavailable", "204 No Content"]);
    let mut scene = Scene::new(&influx(), &to(&site, "clock, watch", ""));
    let got = site.expect("connection=\"internet\"");
    assert_eq!(got.line, "post /write?db=wwan http/1.1");
    for header in ["content-type: text/plain; charset=utf-8", "connection: close"] {
        assert!(got.headers.iter().any(|line| line == header), "{header}: {got:#?}");
    }
    assert!(got.headers.contains(&format!("host: {}", site.address)), "{got:#?}");
    let mut all = got.body.clone();
    // Watched: the simulated modem is asked for its signal.
    let got = site.expect("mobile.lte_rsrp_dbm=-");
    all += &got.body;
    for line in all.lines() {
        let (head, time) = line.rsplit_once(' ').unwrap();
        assert!(head.starts_with("wwan,modem=wwan0 ") && time.len() == 19, "{line}");
    }
    for private in ["mobile.iccid", "mobile.imsi", "mobile.imei=", "mobile.cell_id", "mobile.tac", "addresses="] {
        assert!(!all.contains(private), "{private}: {all}");
    }
    let list = scene.place.wwan(&["plugin", "list"]).ended(0);
    assert!(list.contains("Ready") && list.contains("export"), "{list}");

    scene.edit(&to(&site, "iccid, imei", ""));
    let got = site.expect("mobile.iccid=\"");
    assert!(got.body.contains("mobile.imei=\"") && !got.body.contains("mobile.imsi"), "{}", got.body);
    let untimed = got.body.lines().all(|line| line.rsplit_once(' ').is_none_or(|(_, time)| time.len() != 19));
    assert!(untimed, "no clock any more: {}", got.body);

    // Half a file leaves the old one at work; what comes after it is told everything anew.
    scene.replace(b"half a file");
    scene.going.expect(&["PluginsReady", "False", "NewModuleRefused"]);
    scene.replace(&exporter(&exporter_core(
        "(i32.const 1024)",
        "(call $post (i32.const 0) (i32.const 64) (i32.const 10) (i32.const 64) (i32.const 15) (i32.const 2048)) (i32.const 1024)",
        "(i32.const 1024)",
        "(data (i32.const 64) \"text/plain here\")",
    )));
    site.expect("text/plain here");
    scene.going.expect(&["PluginsReady", "True"]);
}

/// What an exporter puts is seen by everybody who asks for properties, and goes with its instance.
#[test]
fn prop_5_stat_3_a_plugin_tells_when_a_limit_is_passed_and_its_properties_go_with_it() {
    let quota = |limit| {
        let module = root().join("plugins/quota-rust/quota.wasm");
        format!("  - {{ name: quota, module: {}, hooks: [export], config: {{ limit: {limit} }} }}\n", module.display())
    };
    let mut scene = Scene::new(b"", &quota(1_000_000_000_000_u64));
    scene.going.has_said(&["PluginsReady", "True"]);
    let over = "plugin.quota.wwan0.over_limit";
    let mut watch = scene.place.start(&["watch", "plugin.*", "--initial"]);
    watch.expect(&[over, "false"]);
    let all = scene.place.wwan(&["get", "plugin.*"]).ended(0);
    assert!(all.contains("plugin.quota.wwan0.used_percent") && all.contains("plugin.quota.wwan0.used_bytes"), "{all}");
    // Another limit is another configuration: the plugin begins anew, and what it had goes first.
    scene.edit(&quota(1));
    watch.expect(&[over, "false -> -"]);
    watch.expect(&[over, "- -> true"]);
    scene.edit("  []\n");
    watch.expect(&[over, "true -> -"]);
    assert_eq!(scene.place.wwan(&["get", over]).code(), 1);
}

/// What a server refuses is lost, and said.
#[test]
fn ops_4_what_is_lost_is_counted_and_said() {
    let site = Site::new(&["404 Not Found"]);
    let mut scene = Scene::new(&influx(), &to(&site, "", ""));
    let line = scene.going.has_said(&["PluginsReady", "False", "ExporterFails", "lost"]);
    assert!(line.contains("status 404 Not Found") && line.contains(&site.address), "{line}");
    let list = scene.place.wwan(&["plugin", "list"]).ended(0);
    assert!(list.contains("Failing") && list.contains("messages were lost"), "{list}");
}

/// A server that takes connections and never answers, one that is not there, and a datagram's receiver: the last gets
/// everything meanwhile, and the daemon answers.
#[test]
fn safe_3_outlets_do_not_hold_up_one_another() {
    let hangs = TcpListener::bind("127.0.0.1:0").unwrap();
    let hears = UdpSocket::bind("127.0.0.1:0").unwrap();
    hears.set_read_timeout(Some(PATIENCE)).unwrap();
    let site = Site { address: hangs.local_addr().unwrap().to_string(), requests: channel().1 };
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("lines");
    let more = format!(
        "      - {{ method: http-post, url: \"http://nowhere.invalid/write\" }}\n      - {{ method: udp, address: \"{}\" \
         }}\n      - {{ method: append, path: {} }}\n",
        hears.local_addr().unwrap(),
        path.display()
    );
    let scene = Scene::new(&influx(), &to(&site, "", &more));
    let (mut all, begun) = (String::new(), std::time::Instant::now());
    while !all.contains("connection=\"internet\"") {
        assert!(begun.elapsed() < PATIENCE, "{all}");
        let mut datagram = [0; 2048];
        let length = hears.recv(&mut datagram).unwrap();
        assert!(length <= 1400);
        all += std::str::from_utf8(&datagram[..length]).unwrap();
    }
    scene.is_asked(5);
    let begun = std::time::Instant::now();
    while !fs::read_to_string(&path).unwrap_or_default().contains("connection=\"internet\"") {
        assert!(begun.elapsed() < PATIENCE, "nothing in the file");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(scene.going.end(), 0, "messages that cannot be delivered do not keep it");
}

/// An exporter that spins, one that traps: three calls, and it is left alone; the modem is online all the while, and every
/// question is answered.
#[test]
fn safe_3_an_exporter_that_spins_or_traps_is_quarantined_and_delays_nobody() {
    let entry = "  - { name: e, module: e.wasm, hooks: [export], limits: { time: 200ms, calls: 100 } }\n";
    let of = |change: &str| exporter(&exporter_core("(i32.const 1024)", change, "(i32.const 1024)", ""));
    let mut scene = Scene::new(&of("(loop $l (br $l)) unreachable"), entry);
    scene.is_asked(10);
    scene.going.has_said(&["PluginsReady", "False", "Quarantined", "time limit"]);
    scene.place.wwan(&["status", "--check"]).ended(0);
    scene.replace(&of("unreachable"));
    scene.going.expect(&["PluginsReady", "False", "Quarantined", "unreachable"]);
    scene.replace(&of("(i32.const 1024)"));
    scene.going.expect(&["PluginsReady", "True"]);
    scene.place.wwan(&["status", "--check"]).ended(0);
}

/// Instructions that a spinning plugin has for one call: hours of them, so that it spins for all of the test.
const SPINS: &str = "version: 1
modems:
  wwan0:
    service_providers:
      - { name: first, apn: super }
      - { name: second, apn: internet }
";
const SPINNING: &str = "plugins:
  - { name: policy, module: p.wasm, hooks: [select-provider], limits: { time: 10s } }
  - { name: exporter, module: e.wasm, hooks: [export], limits: { time: 10s } }
";

/// How long each of many requests took, the quickest first.
fn answers(place: &Place, plugins: &str, id: &mut u32) -> (Going, Vec<std::time::Duration>, [u64; 2]) {
    let file = place.write("wwan.yaml", &(SPINS.to_owned() + plugins));
    let socket = place.path("control.sock");
    let words = ["--socket", socket.to_str().unwrap(), "simulate", "--quick", "--config", file.to_str().unwrap()];
    let mut going = place.start(&words);
    going.expect(&["Converged", "True", "AllApplied"]);
    *id = going.id();
    let mut client = Client::connect(&socket).unwrap();
    let before = ["plugin-policy", "plugin-exporter"].map(|thread| ticks(*id, thread));
    let mut all: Vec<_> = (0..500)
        .map(|_| {
            let begun = std::time::Instant::now();
            client.ask(&Request::Status).unwrap();
            begun.elapsed()
        })
        .collect();
    // Enough for a clock that ticks a hundred times a second.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let after = ["plugin-policy", "plugin-exporter"].map(|thread| ticks(*id, thread));
    all.sort();
    (going, all, [after[0] - before[0], after[1] - before[1]])
}

/// Time of the processor that a thread has used, in ticks; 0: there is no such thread.
fn ticks(process: u32, thread: &str) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten();
    let of = |task: fs::DirEntry| {
        let stat = fs::read_to_string(task.path().join("stat")).ok()?;
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
        // The kernel keeps fifteen letters of a name. The 14th field of all is the time in user space.
        let is_it = name == &thread[..thread.len().min(15)];
        rest.split_whitespace().nth(11)?.parse::<u64>().ok().filter(|_| is_it)
    };
    tasks.filter_map(of).sum()
}

/// While a policy and an exporter spin, all of five hundred questions are answered. That they spin is seen in what their
/// threads take of the processor; how long answers take is printed, beside how long they take with nobody who spins,
/// because on a machine that does ten other things a bound would say nothing of us.
#[test]
fn safe_3_the_loop_answers_while_plugins_spin() {
    let (calm, busy) = (Place::new(), Place::new());
    let spin = "(loop $l (br $l)) unreachable";
    fs::write(busy.path("p.wasm"), policy(&core(spin, ""))).unwrap();
    fs::write(busy.path("e.wasm"), exporter(&exporter_core("(i32.const 1024)", spin, spin, ""))).unwrap();
    let mut id = 0;
    for (what, place, plugins) in [("calm", &calm, ""), ("busy", &busy, SPINNING)] {
        let (going, all, used) = answers(place, plugins, &mut id);
        let at = |part: usize| all[all.len() * part / 1000];
        println!("{what}: half within {:?}, 99 % within {:?}, all within {:?}", at(500), at(990), at(999));
        assert_eq!(all.len(), 500);
        assert_eq!(used.map(|ticks| ticks > 0), [!plugins.is_empty(); 2], "{what}: {used:?} ticks");
        assert_eq!(going.end(), 0, "{what}: it ends when it is told to, whoever spins");
    }
}
