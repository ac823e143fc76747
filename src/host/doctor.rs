//! What a machine lacks to keep its modems online: kernel, devices, rights, and other programs in the way. Looks, changes
//! nothing, and needs no daemon.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::device;
use super::port::{Found, Roots, holders, modem_manager as rival};
use crate::config::ModemConfig;
use crate::model::{AddressMethod, IpFamilies, ModemName, PortState, Resolver};
use crate::reconcile::{PortSpec, port_spec};

/// The driver of USB modems that speak QMI.
const DRIVER: &str = "qmi_wwan";
/// Bits of Linux capabilities (`linux/capability.h`), with their names.
const NET_BIND_SERVICE: (u32, &str) = (10, "CAP_NET_BIND_SERVICE");
const NET_ADMIN: (u32, &str) = (12, "CAP_NET_ADMIN");

/// What helps a modem in its boot loader.
const FLASH: &str = "load its firmware again with the maker's program";

/// How something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It may be meant so.
    Notable,
    /// With this no modem comes online.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// What was looked at: `driver`, or the name of an entry.
    pub what: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub says: String,
    /// What helps, where something is to be helped.
    pub remedy: Option<&'static str>,
}

fn check(what: impl Into<String>, verdict: Verdict, says: impl Into<String>, remedy: Option<&'static str>) -> Check {
    Check { what: what.into(), verdict, says: says.into(), remedy }
}

/// Examines a machine for these entries. `root` is normally `/`, `state` the directory where the daemon keeps what
/// outlives it.
#[must_use]
pub fn examine(root: &Path, state: &Path, entries: &[(&ModemName, &ModemConfig)]) -> Vec<Check> {
    let roots = Roots { sys: root.join("sys"), dev: root.join("dev"), proc: root.join("proc") };
    let mut checks = vec![driver(root, &roots)];
    checks.extend(modems(&roots));
    for (name, config) in entries {
        checks.extend(entry(&roots, name, &port_spec(name, config), config.inhibit_modem_manager));
    }
    checks.extend(modem_manager(&roots));
    checks.extend(privileges(&roots, entries));
    checks.extend(ipv6(&roots, entries));
    checks.extend(name_servers(root, entries));
    checks.push(kept(state));
    checks
}

fn driver(root: &Path, roots: &Roots) -> Check {
    const WHAT: &str = "driver";
    if roots.sys.join("module").join(DRIVER).exists() {
        return check(WHAT, Verdict::Good, format!("{DRIVER} is loaded"), None);
    }
    let release = read(&roots.proc.join("sys/kernel/osrelease"));
    let modules = root.join("lib/modules").join(release.trim());
    let lists = |list: &str| read(&modules.join(list)).contains(&format!("/{DRIVER}.ko"));
    if lists("modules.builtin") {
        check(WHAT, Verdict::Good, format!("{DRIVER} is part of the kernel"), None)
    } else if lists("modules.dep") {
        check(WHAT, Verdict::Good, format!("{DRIVER} is there and is loaded when a modem comes"), None)
    } else {
        let remedy = "use a kernel with CONFIG_USB_NET_QMI_WWAN; modems on another bus bring their own driver";
        check(WHAT, Verdict::Notable, format!("this kernel has no {DRIVER}, which USB modems need"), Some(remedy))
    }
}

fn modems(roots: &Roots) -> Vec<Check> {
    const WHAT: &str = "modems";
    let mut checks = Vec::new();
    for node in device::control_nodes(roots) {
        let interface = node.interface.as_deref().unwrap_or("none");
        checks.push(check(WHAT, Verdict::Good, format!("{node}, interface {interface}"), None));
    }
    for device in device::bootloaders(roots) {
        checks.push(check(WHAT, Verdict::Bad, format!("{device} waits for firmware in its boot loader"), Some(FLASH)));
    }
    if checks.is_empty() {
        let remedy = "look whether the bus has it: lsusb; some sticks are a disk first and need usb-modeswitch";
        checks.push(check(WHAT, Verdict::Notable, "no modem that speaks QMI is there", Some(remedy)));
    }
    checks
}

/// Whether the modem of an entry is there and may be used.
fn entry(roots: &Roots, name: &ModemName, spec: &PortSpec, inhibits: bool) -> Vec<Check> {
    let bad = |says: String, remedy| vec![check(name.0.clone(), Verdict::Bad, says, Some(remedy))];
    let nodes: Vec<PathBuf> = match roots.find(spec) {
        Found::Path(path) => vec![path],
        Found::Nodes(nodes) => nodes.into_iter().map(|node| node.node).collect(),
        Found::Not(PortState::Ambiguous(devices)) => {
            return bad(
                format!("several devices fit: {}", devices.join(", ")),
                "write `sysfs_path` or `imei` into `match`",
            );
        }
        Found::Not(PortState::Bootloader(device)) => {
            return bad(format!("{device} is in its boot loader"), FLASH);
        }
        Found::Not(_) => {
            return bad("its modem is not there".to_owned(), "see `modems`; name it with `match` or `control`");
        }
    };
    let shared = matches!(spec, PortSpec::Proxy { .. } | PortSpec::Socket(_));
    nodes.iter().flat_map(|node| port(roots, name, node, shared, inhibits)).collect()
}

fn port(roots: &Roots, name: &ModemName, node: &Path, shared: bool, inhibits: bool) -> Vec<Check> {
    let mut checks = Vec::new();
    let path = node.display();
    checks.push(match access(node, Access::READ_OK | Access::WRITE_OK) {
        Ok(()) => check(name.0.clone(), Verdict::Good, format!("{path} may be used"), None),
        Err(why) => {
            let remedy = "run this as the daemon's user; rules for its rights are in packaging/udev";
            check(name.0.clone(), Verdict::Bad, format!("{path} may not be used: {why}"), Some(remedy))
        }
    });
    if let Some(found) = holders::in_use(&roots.proc, node).filter(|_| !shared) {
        let (verdict, remedy) = if found.concerns(rival::NAME) && inhibits {
            (Verdict::Notable, "nothing: the daemon asks ModemManager to let it go")
        } else if found.concerns(rival::NAME) {
            (Verdict::Bad, "write `modem_manager: inhibit`, or keep it away with the rules in packaging/udev")
        } else if found.concerns("wwan") {
            (Verdict::Good, "nothing: that is the daemon")
        } else {
            (Verdict::Bad, "stop that program, or share the modem: `control: { device: …, proxy: true }`")
        };
        checks.push(check(
            name.0.clone(),
            verdict,
            found.to_string(),
            Some(remedy).filter(|_| verdict != Verdict::Good),
        ));
    }
    checks
}

fn modem_manager(roots: &Roots) -> Option<Check> {
    let process = holders::process(&roots.proc, rival::NAME)?;
    let says = format!("ModemManager runs ({process}) and takes modems that nobody keeps from it");
    let remedy = "write `modem_manager: inhibit` for the modems that are ours, or use the rules in packaging/udev";
    Some(check("other managers", Verdict::Notable, says, Some(remedy)))
}

/// Whether whoever runs this may do what the daemon has to.
fn privileges(roots: &Roots, entries: &[(&ModemName, &ModemConfig)]) -> Vec<Check> {
    let status = read(&roots.proc.join("self/status"));
    let has = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("CapEff:")?.trim(), 16).ok());
    let Some(has) = has else { return Vec::new() };
    let leases = entries.iter().any(|(_, config)| config.ip.method == AddressMethod::Dhcp);
    let needed = [Some((NET_ADMIN, "configure interfaces")), leases.then_some((NET_BIND_SERVICE, "ask a DHCP server"))];
    let each = needed.into_iter().flatten().map(|((bit, name), purpose)| {
        if has >> bit & 1 == 1 {
            check("rights", Verdict::Good, format!("{name}: may {purpose}"), None)
        } else {
            let remedy = "run this as the daemon's user; the unit in packaging/systemd gives what is needed";
            check("rights", Verdict::Bad, format!("without {name} it may not {purpose}"), Some(remedy))
        }
    });
    each.collect()
}

fn ipv6(roots: &Roots, entries: &[(&ModemName, &ModemConfig)]) -> Option<Check> {
    let off = |of: &str| read(&roots.proc.join("sys/net/ipv6/conf").join(of).join("disable_ipv6")).trim() == "1";
    let wanted = entries.iter().any(|(_, config)| config.ip.family != IpFamilies::Ipv4);
    let there = roots.proc.join("sys/net/ipv6").exists();
    if !wanted || there && !off("all") && !off("default") {
        return None;
    }
    let remedy = "write `ip: { family: ipv4 }`, or switch it on: sysctl net.ipv6.conf.all.disable_ipv6=0";
    Some(check("ipv6", Verdict::Notable, "IPv6 is switched off on this machine, and sessions ask for it", Some(remedy)))
}

/// Where name servers would go, and whether anybody reads them there.
fn name_servers(root: &Path, entries: &[(&ModemName, &ModemConfig)]) -> Vec<Check> {
    const WHAT: &str = "name servers";
    let resolved = root.join("run/systemd/resolve/io.systemd.Resolve").exists();
    let read_by_all = fs::canonicalize(root.join("etc/resolv.conf")).ok();
    let file = |path: &str| {
        let ours = fs::canonicalize(root.join(path.trim_start_matches('/'))).unwrap_or_else(|_| path.into());
        if read_by_all.as_ref() == Some(&ours) || path == "/etc/resolv.conf" {
            return check(WHAT, Verdict::Good, format!("go to {path}, which programs read"), None);
        }
        let remedy = "link /etc/resolv.conf to it, or choose another `dns.method`";
        check(WHAT, Verdict::Notable, format!("go to {path}, which no program reads by itself"), Some(remedy))
    };
    let program =
        |name: &str| ["sbin", "usr/sbin", "bin", "usr/bin"].iter().any(|dir| root.join(dir).join(name).exists());
    let each = entries.iter().map(|(_, config)| match &config.resolver {
        Resolver::Auto | Resolver::Resolved if resolved => check(WHAT, Verdict::Good, "go to systemd-resolved", None),
        Resolver::Auto | Resolver::File(None) => file("/run/wwan/resolv.conf"),
        Resolver::File(Some(path)) => file(path),
        Resolver::Resolved => {
            let remedy = "start systemd-resolved, or choose another `dns.method`";
            check(WHAT, Verdict::Bad, "should go to systemd-resolved, which does not run", Some(remedy))
        }
        Resolver::Resolvconf if program("resolvconf") => check(WHAT, Verdict::Good, "go to resolvconf", None),
        Resolver::Resolvconf => {
            let remedy = "install it, or choose another `dns.method`";
            check(WHAT, Verdict::Bad, "should go to the program resolvconf, which is not there", Some(remedy))
        }
        Resolver::None => check(WHAT, Verdict::Good, "are told to nobody, as the file says", None),
    });
    let mut said = BTreeSet::new();
    each.filter(|check| said.insert(check.says.clone())).collect()
}

/// Whether anything can be kept over a restart.
fn kept(state: &Path) -> Check {
    let there = state.ancestors().find(|place| place.exists()).unwrap_or(state);
    match access(there, Access::WRITE_OK) {
        Ok(()) => check("memory", Verdict::Good, format!("{} may be written", state.display()), None),
        Err(why) => {
            let remedy = "run this as the daemon's user; without it no PIN is tried, and a restart begins anew";
            check("memory", Verdict::Notable, format!("{} may not be written: {why}", state.display()), Some(remedy))
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::config::{Config, Source, load};

    fn config(lines: &str) -> Config {
        let text = format!("version: 1\nmodems:\n  wwan0:\n    service_providers: [ {{ apn: a }} ]\n{lines}");
        load(&[Source::new("wwan.yaml", text)]).config.unwrap()
    }

    /// What is said of a machine, one line each.
    fn said(root: &Path, config: &Config) -> Vec<String> {
        let entries: Vec<_> = config.modems.iter().collect();
        let checks = examine(root, &root.join("var/lib/wwan"), &entries);
        let mark = |verdict| match verdict {
            Verdict::Good => "+",
            Verdict::Notable => "?",
            Verdict::Bad => "-",
        };
        checks
            .iter()
            .map(|check| {
                format!("{} {}: {}", mark(check.verdict), check.what, check.says).replace(&*root.to_string_lossy(), "")
            })
            .collect()
    }

    fn put(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A USB modem as `qmi_wwan` shows it.
    fn plug(root: &Path) {
        let device = root.join("sys/devices/usb1/1-1");
        for (name, value) in [("idVendor", "2c7c\n"), ("idProduct", "0125\n"), ("devnum", "4\n")] {
            put(&device.join(name), value);
        }
        let function = device.join("1-1:1.4");
        fs::create_dir_all(function.join("net/wwan0")).unwrap();
        let node = function.join("usbmisc/cdc-wdm0");
        fs::create_dir_all(&node).unwrap();
        symlink(&function, node.join("device")).unwrap();
        fs::create_dir_all(root.join("sys/class/usbmisc")).unwrap();
        symlink(&node, root.join("sys/class/usbmisc/cdc-wdm0")).unwrap();
        put(&root.join("dev/cdc-wdm0"), "");
    }

    #[test]
    fn ops_2_a_machine_that_lacks_everything_is_told_so() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        put(&root.join("proc/self/status"), "Name:\twwan\nCapEff:\t0000000000000000\n");
        let asked = config("    ip: { method: dhcp }\n    dns: { method: resolvconf }\n");
        let expected = [
            "? driver: this kernel has no qmi_wwan, which USB modems need",
            "? modems: no modem that speaks QMI is there",
            "- wwan0: its modem is not there",
            "- rights: without CAP_NET_ADMIN it may not configure interfaces",
            "- rights: without CAP_NET_BIND_SERVICE it may not ask a DHCP server",
            "? ipv6: IPv6 is switched off on this machine, and sessions ask for it",
            "- name servers: should go to the program resolvconf, which is not there",
            "+ memory: /var/lib/wwan may be written",
        ];
        assert_eq!(said(&root, &asked), expected);
    }

    #[test]
    fn ops_2_a_machine_that_has_everything_is_told_what_is_used() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        plug(&root);
        put(&root.join("proc/self/status"), "CapEff:\t000001ffffffffff\n");
        put(&root.join("proc/sys/net/ipv6/conf/all/disable_ipv6"), "0\n");
        put(&root.join("proc/sys/kernel/osrelease"), "6.12.1\n");
        put(&root.join("lib/modules/6.12.1/modules.dep"), "kernel/drivers/net/usb/qmi_wwan.ko.xz: kernel/x.ko\n");
        put(&root.join("run/wwan/resolv.conf"), "");
        fs::create_dir_all(root.join("etc")).unwrap();
        symlink(root.join("run/wwan/resolv.conf"), root.join("etc/resolv.conf")).unwrap();
        let mut expected = vec![
            "+ driver: qmi_wwan is there and is loaded when a modem comes",
            "+ modems: 1-1 (2c7c:0125, cdc-wdm0), interface wwan0",
            "+ wwan0: /dev/cdc-wdm0 may be used",
            "+ rights: CAP_NET_ADMIN: may configure interfaces",
            "+ name servers: go to /run/wwan/resolv.conf, which programs read",
            "+ memory: /var/lib/wwan may be written",
        ];
        assert_eq!(said(&root, &config("")), expected);

        // Others are in the way, and the name servers go where nobody looks.
        fs::remove_file(root.join("etc/resolv.conf")).unwrap();
        put(&root.join("proc/7/comm"), "ModemManager\n");
        fs::create_dir_all(root.join("proc/7/fd")).unwrap();
        symlink(root.join("dev/cdc-wdm0"), root.join("proc/7/fd/9")).unwrap();
        expected.splice(
            3..5,
            [
                "- wwan0: /dev/cdc-wdm0 is in use by ModemManager (7)",
                "? other managers: ModemManager runs (7) and takes modems that nobody keeps from it",
                "+ rights: CAP_NET_ADMIN: may configure interfaces",
                "? name servers: go to /run/wwan/resolv.conf, which no program reads by itself",
            ],
        );
        assert_eq!(said(&root, &config("")), expected);
        expected[3] = "? wwan0: /dev/cdc-wdm0 is in use by ModemManager (7)";
        assert_eq!(said(&root, &config("    modem_manager: inhibit\n")), expected);
    }
}
