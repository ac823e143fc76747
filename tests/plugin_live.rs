//! Plugins in the whole daemon, on a simulated modem: dropped in, replaced, broken, taken away, while everything runs.
#![cfg(feature = "wasm-compiler")]
#![allow(clippy::disallowed_methods, missing_docs, clippy::unwrap_used, reason = "a test")]

mod plugin_support;
mod shell_support;

use std::fs;
use std::path::PathBuf;

use plugin_support::{answer, core, policy, root};
use shell_support::{Going, PATIENCE, Place};

const FILE: &str = "version: 1
modems:
  wwan0:
    service_providers:
      - { name: first, apn: super }
      - { name: second, apn: internet }
plugins:
  - { name: p, module: p.wasm, hooks: [select-provider], limits: { time: 20ms } }
";

struct Scene {
    place: Place,
    going: Going,
    module: PathBuf,
}

impl Scene {
    fn new(module: Option<&[u8]>) -> Self {
        let place = Place::new();
        let path = place.path("p.wasm");
        if let Some(bytes) = module {
            fs::write(&path, bytes).unwrap();
        }
        let file = place.write("wwan.yaml", FILE);
        let mut going = place.start(&["simulate", "--quick", "--config", file.to_str().unwrap()]);
        going.expect(&["Converged", "True", "AllApplied"]);
        Self { place, going, module: path }
    }

    /// Replaces the module as a careful person does: by renaming another over it.
    fn replace(&self, bytes: &[u8]) {
        let new = self.module.with_extension("new");
        fs::write(&new, bytes).unwrap();
        fs::rename(&new, &self.module).unwrap();
    }

    fn provider(&self) -> String {
        self.place.wwan(&["explain", "provider"]).ended(0)
    }

    fn list(&self) -> String {
        self.place.wwan(&["plugin", "list"]).ended(0)
    }

    /// Waits until the choice says this. A plugin is ready before it has answered; until then the file's own choice
    /// stands, and not what another module said.
    fn until_provider(&self, words: &str) {
        for _ in 0..600 {
            let said = self.provider();
            if said.contains(words) {
                return;
            }
            assert!(said.contains("chosen: catch-all"), "{said}");
            std::thread::park_timeout(std::time::Duration::from_millis(50));
        }
        panic!("no {words} in\n{}", self.provider());
    }
}

/// A policy that chooses this, and says this.
fn chooses(index: u32, reason: &str) -> Vec<u8> {
    policy(&core(&answer(index, 64, reason.len() as u32), &format!("(data (i32.const 64) \"{reason}\")")))
}

#[test]
fn sel_10_a_plugin_is_dropped_in_replaced_broken_and_taken_away_while_the_modem_is_online() {
    let mut scene = Scene::new(None);
    assert!(scene.list().contains("Refused"), "{}", scene.list());
    assert!(scene.provider().contains("chosen: catch-all"), "{}", scene.provider());

    scene.replace(&chooses(1, "by the test"));
    scene.going.expect(&["stop the ipv4 session", "the file asks for \"internet\""]);
    scene.going.expect(&["Converged", "True"]);
    let text = scene.provider();
    assert!(text.contains("chosen: by plugin p: by the test (catch-all)"), "{text}");
    assert!(scene.list().contains("Ready"), "{}", scene.list());

    scene.replace(&chooses(0, "on second thoughts"));
    scene.going.expect(&["stop the ipv4 session", "the file asks for \"super\""]);
    scene.going.expect(&["Converged", "True"]);

    scene.replace(b"half a file");
    scene.going.expect(&["PluginsReady", "False", "NewModuleRefused", "the one before stays"]);
    assert!(scene.provider().contains("by plugin p: on second thoughts"), "{}", scene.provider());

    fs::remove_file(&scene.module).unwrap();
    scene.going.expect(&["PluginsReady", "False", "Refused", "no such file"]);
    assert!(scene.provider().contains("chosen: catch-all"), "{}", scene.provider());

    scene.replace(&fs::read(root().join("plugins/template-rust/template.wasm")).unwrap());
    scene.going.expect(&["PluginsReady", "True", "Ready"]);
    scene.until_provider("nothing is wrong with the first");
}

/// A plugin that spins whenever it is asked: the modem comes online, every question of a person is answered at once, and
/// after three failures the plugin is left alone until its bytes change.
#[test]
fn safe_3_a_plugin_that_spins_is_quarantined_and_delays_nobody() {
    let spins = policy(&core("(loop $l (br $l)) unreachable", ""));
    let mut scene = Scene::new(Some(&spins));
    scene.going.has_said(&["PluginsReady", "False", "OutOfTime"]);
    for roaming in ["true", "false", "true", "false"] {
        let begun = std::time::Instant::now();
        scene.place.wwan(&["status"]).ended(0);
        assert!(begun.elapsed() < PATIENCE / 10, "{:?}", begun.elapsed());
        scene.place.wwan(&["disturb", "hand-over", &format!("roaming={roaming}")]).ended(0);
        if scene.place.wwan(&["wait", "--for", "PluginsReady=False", "--timeout", "5s"]).code() == 0
            && scene.list().contains("Quarantined")
        {
            break;
        }
    }
    scene.going.expect(&["PluginsReady", "Quarantined"]);
    assert!(scene.provider().contains("chosen: catch-all"), "{}", scene.provider());
    scene.replace(&chooses(1, "no harm meant"));
    scene.going.expect(&["stop the ipv4 session", "the file asks for \"internet\""]);
    scene.going.expect(&["Converged", "True"]);
    assert!(scene.provider().contains("by plugin p: no harm meant"), "{}", scene.provider());
}

/// A plugin whose entry pins a sum is that one or none.
#[test]
fn a_pinned_plugin_is_that_one_or_none() {
    let bytes = chooses(1, "pinned");
    let scene = Scene::new(Some(&bytes));
    let file = scene.place.path("wwan.yaml");
    let mut scene = scene;
    let pin = |digits: &str| FILE.replace("p.wasm,", &format!("p.wasm, sha256: \"{digits}\","));
    fs::write(&file, pin(&"0".repeat(64))).unwrap();
    scene.going.expect(&["PluginsReady", "False", "Refused", "SHA-256"]);
    let listed = scene.place.wwan(&["plugin", "show", scene.module.to_str().unwrap()]).ended(0);
    let sum = listed.lines().find_map(|line| line.trim().strip_prefix("sha256   ")).unwrap().to_owned();
    fs::write(&file, pin(&sum)).unwrap();
    scene.going.expect(&["PluginsReady", "True", "Ready"]);
    scene.until_provider("by plugin p: pinned");
}
