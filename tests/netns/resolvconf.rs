//! Name servers for the program `resolvconf`, of which a double writes down how it is called and what it reads.

use std::os::unix::fs::PermissionsExt as _;

use super::gateway::Gateway;
use super::kernel::{alone, tun};

#[test]
fn dns_2_resolvconf_is_told_and_told_when_it_is_over() {
    alone("resolvconf::dns_2_resolvconf_is_told_and_told_when_it_is_over", &[], |dir| {
        tun("wwan0");
        let (bin, log) = (dir.join("bin"), dir.join("resolvconf.log"));
        std::fs::create_dir(&bin).unwrap();
        let double = bin.join("resolvconf");
        let script = format!("#!/bin/sh\necho \"called $*\" >> {0}\ncat >> {0}\n", log.display());
        std::fs::write(&double, script).unwrap();
        std::fs::set_permissions(&double, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let lines: &[&str] = &["ip: { family: ipv4 }", "dns: { method: resolvconf }"];
        let mut gateway = Gateway::new(dir, &[("wwan0", lines)]).with("PATH", &path);
        gateway.start();
        gateway.until_converged();
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        assert_eq!(said(), "called -a wwan0.wwan\nnameserver 10.64.0.1\nnameserver 10.64.0.2\n");
        gateway.edit(&[]);
        gateway.until("the end", || {
            let said = said();
            if said.ends_with("called -d wwan0.wwan\n") { Ok(()) } else { Err(said) }
        });
        assert!(!gateway.own_file().exists());
    });
}
