//! The modem of a system on a chip: no device at all, but services on the kernel's IPC router, which qmi-proxy speaks with.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::gateway::{Daemon, modem};
use super::guest::play;
use super::program::{Program, answer, program};

const NEEDS: &[&str] = &["/usr/bin/python3", "qmi-proxy", "qmicli"];

/// Offers the modem of `wwan simulate` on the router.
fn node(dir: &Path) -> Program {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kernel/qrtr/node");
    let mut node = Program::start(dir, "node", Command::new(script).arg(dir.join("modem")));
    node.until_it_says("offered: ");
    node
}

/// Our node of the router is the first; a modem's own would be 0.
const NODE: &str = "qrtr://1";

/// We find the modem, connect it, share it with `qmicli`, and have it again after it was gone.
#[test]
fn a_modem_on_the_ipc_router_connects_and_comes_back() {
    play("qrtr::a_modem_on_the_ipc_router_connects_and_comes_back", NEEDS, || {
        let dir = Path::new("/run/qrtr");
        fs::create_dir_all(dir).unwrap();
        answer("ip", &["link", "add", "wwan0", "type", "veth", "peer", "name", "far"]).good();
        answer("ip", &["link", "set", "far", "up"]).good();
        let mut simulator = Command::new(env!("CARGO_BIN_EXE_wwan"));
        simulator.args(["simulate", "--no-daemon", "--quick", "--socket"]).arg(dir.join("simulator"));
        simulator.arg("--listen").arg(format!("unix:{}", dir.join("modem").display()));
        let mut simulator = Program::start(dir, "simulator", &mut simulator);
        simulator.until_it_says("the modem is offered");
        let soc = node(dir);
        let proxy =
            Program::start(dir, "proxy", program("qmi-proxy").args(["--verbose", "--no-exit", "--empty-timeout=0"]));

        let daemon = Daemon::start(&modem("wwan0", "    control: { qrtr: 1 }\n"));
        daemon.until_converged("wwan0");
        let beside = answer("qmicli", &["--device", NODE, "--device-open-proxy", "--nas-get-serving-system"]).good();
        assert!(beside.out.contains("'registered'"), "{beside:?}");
        daemon.until_converged("wwan0");

        drop(soc);
        daemon.until_it_shows("wwan0", "ControlReady", "False");
        let soc = node(dir);
        daemon.until_converged("wwan0");
        drop((soc, proxy));
        daemon.end();
        simulator.end();
    });
}
