//! ModemManager's surroundings, and its `mmcli`.

use std::collections::BTreeMap;
use std::path::Path;

use super::program::{Answer, Program, answer, answer_of, program, until};

/// A message bus, and a policy that permits everything.
pub fn bus(dir: &Path, address: &str) -> [Program; 2] {
    let daemon = Program::start(
        dir,
        "bus",
        program("dbus-daemon").args(["--session", "--nofork", "--nopidfile", "--address", address]),
    );
    until("the bus", || if dir.join("bus").exists() { Ok(()) } else { Err(daemon.err()) });
    let mut policy = program("/usr/bin/python3");
    policy.args(["-m", "dbusmock", "--template", "polkitd", "--system"]).env("DBUS_SYSTEM_BUS_ADDRESS", address);
    let policy = Program::start(dir, "policy", &mut policy);
    let allow = [
        &format!("--bus={address}"),
        "--print-reply",
        "--dest=org.freedesktop.PolicyKit1",
        "/org/freedesktop/PolicyKit1/Authority",
        "org.freedesktop.DBus.Mock.AllowUnknown",
        "boolean:true",
    ];
    until("the policy", || {
        let answer = answer("dbus-send", &allow);
        if answer.is_ok() { Ok(()) } else { Err(answer.all() + &policy.err()) }
    });
    [daemon, policy]
}

/// `mmcli` on the modem.
pub struct Control<'a> {
    pub address: &'a str,
}

impl Control<'_> {
    fn ask(&self, words: &str) -> Answer {
        let mut command = program("mmcli");
        command.env("DBUS_SYSTEM_BUS_ADDRESS", self.address).args(words.split(' '));
        answer_of(&mut command)
    }

    /// Does something to the modem.
    pub fn does(&self, what: &str) -> String {
        let answer = self.ask(&format!("-m any {what}"));
        assert!(answer.is_ok(), "{what}: {answer:#?}");
        answer.out
    }

    /// What it says of the modem, by key.
    pub fn says(&self, of: &str) -> BTreeMap<String, String> {
        let answer = self.ask(&format!("{of} -K"));
        let pairs = answer.out.lines().filter_map(|line| line.split_once(':'));
        pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect()
    }

    pub fn until_state(&self, state: &str) {
        until(state, || {
            let says = self.says("-m any");
            if says.get("modem.generic.state").is_some_and(|is| is == state) {
                Ok(())
            } else {
                Err(format!("{says:#?}"))
            }
        });
    }
}
