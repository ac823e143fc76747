//! systemd-resolved, by its D-Bus interface `org.freedesktop.resolve1.Manager`, through `busctl`, which comes in the
//! same package: a change of name servers is rare, and a D-Bus library for it would be the largest dependency there is.

use std::net::IpAddr;

use crate::host::program::run;

const NAME: &str = "org.freedesktop.resolve1";
const PATH: &str = "/org/freedesktop/resolve1";
const MANAGER: &str = "org.freedesktop.resolve1.Manager";

/// The address families of Linux, as `SetLinkDNS` wants them.
const AF_INET: &str = "2";
const AF_INET6: &str = "10";

/// Whether it runs. It is not started for us.
pub(super) async fn runs() -> bool {
    let bus = "org.freedesktop.DBus";
    let answer = call(&[bus, "/org/freedesktop/DBus", bus, "NameHasOwner", "s", NAME].map(str::to_owned)).await;
    answer.is_ok_and(|answer| answer.trim() == "b true")
}

/// Gives it the name servers of an interface. Where no default route leads through the interface, they are asked for
/// nothing but what is asked through it.
pub(super) async fn set(index: u32, servers: &[IpAddr], search: &[String], default_route: bool) -> Result<(), String> {
    manager("SetLinkDNS", "ia(iay)", servers_argument(index, servers)).await?;
    if !search.is_empty() {
        manager("SetLinkDomains", "ia(sb)", domains_argument(index, search)).await?;
    }
    manager("SetLinkDefaultRoute", "ib", vec![index.to_string(), default_route.to_string()]).await
}

/// Takes back everything about an interface.
pub(super) async fn revert(index: u32) -> Result<(), String> {
    manager("RevertLink", "i", vec![index.to_string()]).await
}

async fn manager(method: &str, signature: &str, arguments: Vec<String>) -> Result<(), String> {
    let mut all = [NAME, PATH, MANAGER, method, signature].map(str::to_owned).to_vec();
    all.extend(arguments);
    call(&all).await.map(drop)
}

async fn call(arguments: &[String]) -> Result<String, String> {
    let options = ["--system", "--timeout=3", "--expect-reply=yes", "call", "--"].map(str::to_owned);
    run("busctl", &[&options, arguments].concat(), "").await
}

/// `ia(iay)` as `busctl` takes it: the interface, how many servers, and of each its family, length and octets.
fn servers_argument(index: u32, servers: &[IpAddr]) -> Vec<String> {
    let mut all = vec![index.to_string(), servers.len().to_string()];
    for server in servers {
        let (family, octets) = match server {
            IpAddr::V4(address) => (AF_INET, address.octets().to_vec()),
            IpAddr::V6(address) => (AF_INET6, address.octets().to_vec()),
        };
        all.extend([family.to_owned(), octets.len().to_string()]);
        all.extend(octets.iter().map(ToString::to_string));
    }
    all
}

/// `ia(sb)`: of each domain its name, and that it is not only for routing.
fn domains_argument(index: u32, search: &[String]) -> Vec<String> {
    let domains = search.iter().flat_map(|domain| [domain.clone(), false.to_string()]);
    [index.to_string(), search.len().to_string()].into_iter().chain(domains).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_2_servers_are_spelt_as_the_bus_wants_them() {
        let servers = ["10.64.0.53".parse().unwrap(), "2001:db8::53".parse().unwrap()];
        let domains = domains_argument(7, &["a.example".to_owned(), "b.example".to_owned()]);
        assert_eq!(domains.join(" "), "7 2 a.example false b.example false");
        let said = servers_argument(7, &servers).join(" ");
        assert_eq!(said, "7 2 2 4 10 64 0 53 10 16 32 1 13 184 0 0 0 0 0 0 0 0 0 0 0 83");
    }
}
