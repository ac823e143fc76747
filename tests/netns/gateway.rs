//! A gateway in the test's namespace: our daemon, and one simulated modem for each interface.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use super::program::{Answer, Program, answer_of, program, until};

/// A modem: its interface, and lines of its entry in the file.
pub type Modem<'a> = (&'a str, &'a [&'a str]);

pub struct Gateway {
    dir: PathBuf,
    modems: Vec<(String, Program)>,
    daemon: Option<Program>,
    starts: u32,
    environment: Vec<(String, String)>,
    /// What the daemon is started by, with its arguments.
    starter: Vec<String>,
}

impl Gateway {
    /// Starts everything, and waits until it is as the file asks.
    pub fn converged(dir: &Path, modems: &[Modem<'_>]) -> Self {
        let mut gateway = Self::new(dir, modems);
        gateway.start();
        gateway.until_converged();
        gateway
    }

    /// Starts the modems.
    pub fn new(dir: &Path, modems: &[Modem<'_>]) -> Self {
        let gateway = Self {
            dir: dir.to_owned(),
            modems: Vec::new(),
            daemon: None,
            starts: 0,
            starter: Vec::new(),
            environment: vec![("RUST_LOG".to_owned(), "info,wwan::host=debug".to_owned())],
        };
        gateway.edit(modems);
        let modems = modems.iter().enumerate().map(|(seed, (name, _))| {
            let port = format!("--listen=unix:{}", gateway.port(name).display());
            let mut command = gateway.wwan(&format!("{name}.sock"));
            command.args(["simulate", "--no-daemon", "--quick", "--seed", &(seed + 1).to_string(), &port]);
            let mut program = Program::start(dir, name, &mut command);
            program.until_it_says("the modem is offered");
            ((*name).to_owned(), program)
        });
        let modems = modems.collect();
        Self { modems, ..gateway }
    }

    /// The daemon's environment has this, too.
    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.environment.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// The daemon is started by this program.
    pub fn started_by(mut self, words: &[&str]) -> Self {
        self.starter = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// The daemon's process.
    pub fn daemon_id(&self) -> u32 {
        self.daemon.as_ref().unwrap().id()
    }

    /// Writes the file anew.
    pub fn edit(&self, modems: &[Modem<'_>]) {
        let entry = |(name, lines): &Modem<'_>| {
            // Behind most of the interfaces here is nobody who would answer.
            let looks = lines.iter().any(|line| line.starts_with("reachability:"));
            let alone = (!looks).then_some(&"reachability: { targets: [] }");
            let lines: String = lines.iter().chain(alone).map(|line| format!("    {line}\n")).collect();
            let control = self.port(name);
            format!(
                "  {name}:\n    service_providers: [{{ apn: internet }}]\n    control: {{ socket: {} }}\n{lines}",
                control.display()
            )
        };
        let entries: String = modems.iter().map(entry).collect();
        let none = if modems.is_empty() { " {}" } else { "" };
        let text = format!("version: 1\nallow_empty: true\nmodems:{none}\n{entries}");
        let new = self.dir.join("wwan.yaml.new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.dir.join("wwan.yaml")).unwrap();
    }

    fn port(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.port"))
    }

    fn wwan(&self, socket: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wwan"));
        command.arg("--no-color").arg("--socket").arg(self.dir.join(socket));
        command
    }

    /// Starts the daemon.
    pub fn start(&mut self) {
        self.starts += 1;
        let mut command = self.wwan("control.sock");
        command.arg("run").arg("--config").arg(self.dir.join("wwan.yaml")).arg("--state").arg(self.state());
        if let [starter, words @ ..] = self.starter.as_slice() {
            let mut started = program(starter);
            started.args(words).arg(command.get_program()).args(command.get_args());
            command = started;
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let mut daemon = Program::start(&self.dir, &format!("daemon{}", self.starts), &mut command);
        daemon.until_it_says("started");
        self.daemon = Some(daemon);
    }

    /// Kills the daemon, as the kernel would that has no memory left.
    pub fn kill(&mut self) {
        let mut daemon = self.daemon.take().unwrap();
        daemon.signal(Signal::KILL);
        daemon.ended();
    }

    /// Asks the daemon to end, and waits.
    pub fn stop(&mut self) {
        let (status, _, said) = self.daemon.take().unwrap().end();
        assert!(status.success(), "{said}");
    }

    /// Sends the daemon a signal.
    pub fn signal(&self, signal: Signal) {
        self.daemon.as_ref().unwrap().signal(signal);
    }

    /// Where it keeps what outlives it.
    pub fn state(&self) -> PathBuf {
        self.dir.join("state")
    }

    /// Its control socket.
    pub fn socket(&self) -> PathBuf {
        self.dir.join("control.sock")
    }

    /// What the running daemon has written to its log.
    pub fn log(&self) -> String {
        self.daemon.as_ref().map(Program::err).unwrap_or_default()
    }

    /// The file with the name servers of those who name none.
    pub fn own_file(&self) -> PathBuf {
        self.dir.join("resolv.conf")
    }

    pub fn ask(&self, words: &str) -> Answer {
        answer_of(self.wwan("control.sock").args(words.split(' ')))
    }

    /// Does something to a modem, or to what is behind it.
    pub fn disturb(&self, name: &str, what: &str) {
        let (_, program) = self.modems.iter().find(|(modem, _)| modem == name).unwrap();
        let answer = answer_of(self.wwan(&format!("{name}.sock")).arg("disturb").args(what.split(' ')));
        assert!(answer.is_ok(), "{answer:?}\n{}", program.err());
    }

    /// Waits until everything is as the file asks.
    pub fn until_converged(&self) {
        until("Converged", || {
            let answer = self.ask("status -o wide --check");
            if answer.is_ok() { Ok(()) } else { Err(format!("{}\n{}", answer.all(), self.log())) }
        });
    }

    /// Waits until something is so.
    pub fn until(&self, what: &str, mut so: impl FnMut() -> Result<(), String>) {
        until(what, || so().map_err(|seen| format!("{seen}\n{}", self.log())));
    }

    /// The addresses that the network has given, without prefix, IPv4 first.
    pub fn given(&self, name: &str) -> Vec<String> {
        // While the interface is being configured nothing is known of it.
        until("addresses", || {
            let answer = self.ask(&format!("get {name}.addresses -o json"));
            let value: serde_json::Value = serde_json::from_str(&answer.out).map_err(|_| answer.all())?;
            let mut found = Vec::new();
            collect(&value, &mut found);
            let bare = found.iter().filter_map(|text| text.split_once('/')).map(|(address, _)| address.to_owned());
            let bare: Vec<String> = bare.collect();
            if bare.is_empty() { Err(answer.all()) } else { Ok(bare) }
        })
    }
}

/// Every text of a JSON value.
fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => found.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        serde_json::Value::Object(map) => map.values().for_each(|item| collect(item, found)),
        _ => {}
    }
}
