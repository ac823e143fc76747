//! The kernel's check of where packets come from (`rp_filter`, RFC 3704). On an interface without an address it drops
//! every packet, the answer of a DHCP server among them; strict or loose is all the same.

use std::fs;
use std::path::PathBuf;

use crate::host::port::Roots;

const OFF: &str = "0";

/// The check of one interface. What it was comes back when this is dropped.
#[derive(Debug)]
pub(super) struct Filter {
    interface: PathBuf,
    everybody: PathBuf,
    /// What it was before it was switched off.
    before: Option<String>,
}

impl Filter {
    pub(super) fn of(roots: &Roots, interface: &str) -> Self {
        let path = |name: &str| roots.proc.join("sys/net/ipv4/conf").join(name).join("rp_filter");
        Self { interface: path(interface), everybody: path("all"), before: None }
    }

    /// Switches it off, or back to what it was.
    pub(super) fn set(&mut self, off: bool) {
        if !off {
            return self.put_back();
        }
        let Some(now) = read(&self.interface).filter(|now| now != OFF) else { return };
        if fs::write(&self.interface, OFF).is_ok() {
            self.before = Some(now);
        }
    }

    /// What would drop an answer all the same, and what helps. The kernel goes by the stricter one of an interface and of
    /// all.
    pub(super) fn to_blame(&self) -> Option<String> {
        let on =
            [&self.everybody, &self.interface].into_iter().find(|path| read(path).is_some_and(|now| now != OFF))?;
        let name = on.strip_prefix("/proc/sys").unwrap_or(on).display().to_string().replace('/', ".");
        let name = name.trim_start_matches('.');
        Some(format!("the kernel drops the answers of DHCP servers: set {name} to 0 (sysctl)"))
    }

    fn put_back(&mut self) {
        if let Some(before) = self.before.take() {
            // The interface may have gone, and its setting with it.
            drop(fs::write(&self.interface, before));
        }
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        self.put_back();
    }
}

fn read(path: &PathBuf) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ip_1_the_check_is_off_while_a_server_is_asked_and_then_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let of = |name: &str| dir.path().join("sys/net/ipv4/conf").join(name).join("rp_filter");
        for (name, value) in [("all", "0\n"), ("wwan0", "2\n")] {
            fs::create_dir_all(of(name).parent().unwrap()).unwrap();
            fs::write(of(name), value).unwrap();
        }
        let roots = Roots { proc: dir.path().to_owned(), ..Roots::default() };
        let mut filter = Filter::of(&roots, "wwan0");
        assert!(filter.to_blame().unwrap().contains("wwan0.rp_filter to 0"));
        filter.set(true);
        filter.set(true);
        assert_eq!((fs::read_to_string(of("wwan0")).unwrap().as_str(), filter.to_blame()), ("0", None));
        filter.set(false);
        assert_eq!(fs::read_to_string(of("wwan0")).unwrap(), "2");
        filter.set(true);
        fs::write(of("all"), "1\n").unwrap();
        assert!(filter.to_blame().unwrap().contains("all.rp_filter to 0"));
        drop(filter);
        assert_eq!(fs::read_to_string(of("wwan0")).unwrap(), "2");
    }
}
