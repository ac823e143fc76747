//! The program `resolvconf`, of Debian or of openresolv: it keeps the name servers of every interface and makes
//! `/etc/resolv.conf` of them.

use std::net::IpAddr;

use crate::host::program::run;

/// What the lines are called: the interface, and who says so.
fn record(interface: &str) -> String {
    format!("{interface}.wwan")
}

pub(super) async fn set(interface: &str, servers: &[IpAddr], search: &[String]) -> Result<(), String> {
    let mut lines: String = servers.iter().map(|server| format!("nameserver {server}\n")).collect();
    if !search.is_empty() {
        lines.push_str(&format!("search {}\n", search.join(" ")));
    }
    run("resolvconf", &["-a".to_owned(), record(interface)], &lines).await.map(drop)
}

pub(super) async fn revert(interface: &str) -> Result<(), String> {
    run("resolvconf", &["-d".to_owned(), record(interface)], "").await.map(drop)
}
