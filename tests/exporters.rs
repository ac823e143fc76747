//! Measurements for other programs: the page of metrics, as Prometheus' own client reads it, and the files.
#![cfg(feature = "daemon")]
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

#[allow(dead_code, reason = "shared with tests/interop, which uses all of it")]
#[path = "interop/program.rs"]
mod program;
mod shell_support;
#[allow(dead_code, reason = "shared with tests/interop, which uses all of it")]
#[path = "interop/stage.rs"]
mod stage;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use program::until;
use shell_support::{Going, Place};

/// A simulated gateway with these exporters, as the file asks for them.
struct Gateway {
    place: Place,
    going: Going,
}

const ENTRY: &str = "version: 1\nmodems:\n  wwan0:\n    service_providers:\n      - apn: internet\n";

impl Gateway {
    fn start(exporters: &str) -> Self {
        let place = Place::new();
        let file = place
            .write("wwan.yaml", &format!("{ENTRY}{}", exporters.replace("DIR", place.dir.path().to_str().unwrap())));
        let socket = place.path("control.sock");
        let words = ["--socket", socket.to_str().unwrap(), "simulate", "--quick", "--config", file.to_str().unwrap()];
        let mut command = place.command(&words);
        command.env("RUST_LOG", "info");
        let going = Going::new(command);
        Self { place, going }
    }

    /// Waits until the modem is online.
    fn online(&self) {
        let socket = self.place.path("control.sock");
        let ask = ["--socket", socket.to_str().unwrap(), "status", "--check"];
        until("Converged", || {
            let ran = self.place.wwan(&ask);
            if ran.code() == 0 { Ok(()) } else { Err(ran.out() + &ran.err()) }
        });
    }

    /// Where the page is.
    fn address(&mut self) -> String {
        let line = self.going.expect(&["metrics are served at http://"]);
        line.split_once("http://").unwrap().1.split_once('/').unwrap().0.to_owned()
    }
}

/// Status line and body of an answer.
fn ask(address: &str, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(shell_support::PATIENCE)).unwrap();
    stream.write_all(format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

#[test]
fn ops_4_a_page_of_metrics_that_prometheus_reads_and_that_identifies_nobody() {
    let mut gateway = Gateway::start("exporters: { prometheus: { listen: \"127.0.0.1:0\" } }\n");
    let address = gateway.address();
    gateway.online();
    let (status, page) = ask(&address, "GET /metrics");
    assert_eq!(status, "HTTP/1.1 200 OK");
    for line in [
        "wwan_condition{modem=\"wwan0\",condition=\"Converged\",status=\"true\"} 1",
        "wwan_condition{modem=\"wwan0\",condition=\"Converged\",status=\"false\"} 0",
        "wwan_connection{modem=\"wwan0\",reach=\"internet\"} 1",
        "wwan_config_generation 1",
        "wwan_config_valid 1",
    ] {
        assert!(page.lines().any(|said| said == line), "{line}\n{page}");
    }
    // Whoever scrapes looks: the modem is asked for what it tells nobody otherwise.
    until("a signal", || {
        let (_, page) = ask(&address, "GET /metrics");
        let signal = page.lines().any(|line| line.starts_with("wwan_mobile_signal_dbm{modem=\"wwan0\"} -"));
        if signal { Ok(()) } else { Err(page) }
    });
    for private in ["iccid", "imsi", "imei", "cell_id", "wwan_addresses"] {
        assert!(!page.contains(private), "{private}\n{page}");
    }
    assert_eq!(ask(&address, "GET /").0, "HTTP/1.1 404 Not Found");
    assert_eq!(ask(&address, "POST /metrics").0, "HTTP/1.1 405 Method Not Allowed");
    read_by_prometheus(&gateway.place.write("page", &page));

    // The daemon goes on however the asking ends.
    for garbage in ["\0\u{7f}\r\n\r\n", "GET /metrics HTTP/9\r\n\r\n", "G"] {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(garbage.as_bytes()).unwrap();
    }
    assert_eq!(ask(&address, "GET /metrics").0, "HTTP/1.1 200 OK");

    // The file asks for it no more.
    gateway.place.write("wwan.yaml", ENTRY);
    until("nobody listens", || match TcpStream::connect(&address) {
        Ok(_) => Err("somebody listens".to_owned()),
        Err(_) => Ok(()),
    });
}

/// Prometheus' own client library reads the page, and finds every metric described.
fn read_by_prometheus(page: &Path) {
    if let Some(why) = stage::missing(&["python:prometheus_client"]) {
        return stage::skip("ops_4_a_page_of_metrics_that_prometheus_reads_and_that_identifies_nobody", &why);
    }
    let script = "import sys\nfrom prometheus_client.parser import text_string_to_metric_families as read\n\
                  families = list(read(open(sys.argv[1]).read()))\n\
                  assert all(f.documentation and f.type == 'gauge' and f.samples for f in families)\n\
                  print(len(families))";
    let said = program::answer("/usr/bin/python3", &["-c", script, page.to_str().unwrap()]);
    assert!(said.is_ok() && said.out.trim().parse::<u32>().unwrap() > 10, "{said:?}");
}

#[test]
fn ops_4_files_are_replaced_when_something_has_changed_and_go_with_their_key() {
    let exporters = "exporters:\n  textfile: { path: DIR/metrics.prom }\n  state_file: { path: DIR/state.json }\n";
    let gateway = Gateway::start(exporters);
    let (metrics, state) = (gateway.place.path("metrics.prom"), gateway.place.path("state.json"));
    gateway.online();
    until("an online modem in the file", || {
        let text = std::fs::read_to_string(&state).unwrap_or_default();
        let document: serde_json::Value = serde_json::from_str(&text).map_err(|why| format!("{why}: {text}"))?;
        let modem = &document["modems"]["wwan0"];
        let converged =
            modem["conditions"].as_array().and_then(|all| all.iter().find(|one| one["condition"] == "Converged"));
        match (modem["connection"].as_str(), converged.and_then(|one| one["status"].as_str())) {
            (Some("internet"), Some("True")) => Ok(()),
            _ => Err(text),
        }
    });
    let said = std::fs::read_to_string(&metrics).unwrap();
    assert!(said.contains("wwan_connection{modem=\"wwan0\",reach=\"internet\"} 1"), "{said}");
    let everything = said + &std::fs::read_to_string(&state).unwrap();
    assert!(!everything.contains("mobile.iccid\"") && !everything.contains("mobile.imei\""), "{everything}");
    gateway.place.write("wwan.yaml", ENTRY);
    until("no files", || if metrics.exists() || state.exists() { Err(String::new()) } else { Ok(()) });
}
