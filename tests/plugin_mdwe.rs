//! The daemon with plugins in a process that may never have memory it can write and run (`PR_SET_MDWE`, what systemd's
//! `MemoryDenyWriteExecute=` sets).
#![cfg(feature = "wasm-compiler")]
#![allow(clippy::disallowed_methods, missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "a test")]

#[allow(dead_code, reason = "shared with tests/interop, which uses all of it")]
#[path = "interop/program.rs"]
mod program;
mod shell_support;
#[allow(dead_code, reason = "shared with tests/interop, which uses all of it")]
#[path = "interop/stage.rs"]
mod stage;

use std::process::{Command, Stdio};

use shell_support::{Going, Place};

/// Gives up such memory, then becomes the program. 65 is `PR_SET_MDWE` and 1 `PR_MDWE_REFUSE_EXEC_GAIN` (Linux 6.3).
const DENIED: &str = "import ctypes, os, sys\nif ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit('refused')\n\
                      os.execv(sys.argv[1], sys.argv[1:])";

const FILE: &str = "version: 1
modems:
  wwan0:
    service_providers:
      - { name: first, apn: super }
      - { name: second, apn: internet }
plugins:
  - { name: policy, module: PLUGINS/template-rust/template.wasm, hooks: [select-provider] }
  - { name: exporter, module: PLUGINS/exporter-rust/influx.wasm, hooks: [export], outlets: [{ method: append, path: DIR/lines }], config: { every: 1 } }
";

fn denied(place: &Place, args: &[&str]) -> Command {
    let plain = place.command(args);
    let mut command = Command::new("/usr/bin/python3");
    command.arg("-c").arg(DENIED).arg(plain.get_program()).args(plain.get_args()).stdin(Stdio::null());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// Why it cannot be tried here.
fn missing() -> Option<String> {
    if let Some(why) = stage::missing(&["python3"]) {
        return Some(why);
    }
    let tried = Command::new("/usr/bin/python3").args(["-c", DENIED, "/bin/true"]).output().unwrap();
    (!tried.status.success()).then(|| format!("this kernel has no PR_SET_MDWE: {tried:?}"))
}

#[test]
fn safe_2_plugins_run_without_memory_that_is_writable_and_executable() {
    if let Some(why) = missing() {
        return stage::skip("safe_2_plugins_run_without_memory_that_is_writable_and_executable", &why);
    }
    let place = Place::new();
    let plugins = concat!(env!("CARGO_MANIFEST_DIR"), "/plugins");
    let text = FILE.replace("PLUGINS", plugins).replace("DIR", place.dir.path().to_str().unwrap());
    let file = place.write("wwan.yaml", &text);
    let mut going = Going::new(denied(&place, &["simulate", "--quick", "--config", file.to_str().unwrap()]));
    going.expect(&["PluginsReady", "True", "Ready", "policy, exporter"]);
    program::until("Converged", || {
        let ran = place.wwan(&["status", "--check"]);
        if ran.code() == 0 { Ok(()) } else { Err(ran.out() + &ran.err()) }
    });
    let provider = place.wwan(&["explain", "provider"]).ended(0);
    assert!(provider.contains("by plugin policy: nothing is wrong with the first"), "{provider}");
    let lines = place.path("lines");
    program::until("a line of the exporter", || {
        let text = std::fs::read_to_string(&lines).unwrap_or_default();
        if text.contains("connection=\"internet\"") { Ok(()) } else { Err(text) }
    });
    // What needs such memory is refused: the denial is in force, or all of this has shown nothing.
    std::fs::write(&file, text.replace("[select-provider] }", "[select-provider], engine: native }")).unwrap();
    going.expect(&["PluginsReady", "False", "Refused"]);
    let list = place.wwan(&["plugin", "list"]).ended(0);
    assert!(list.lines().any(|line| line.contains("policy") && line.contains("Refused")), "{list}");
    place.wwan(&["status", "--check"]).ended(0);
    assert_eq!(going.end(), 0);
}
