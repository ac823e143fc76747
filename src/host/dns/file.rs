//! A file in the form of `resolv.conf(5)` that lists the name servers of all modems that write to it; every line says
//! from where its server comes. Of lines with domains to search only the last counts, so there is one for all modems, and
//! before it, as comments, which domains are whose.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::host::files::replace;

const HEADER: &str = "# Name servers of mobile networks, written by wwan. What is changed here is overwritten.\n";

/// Programs that resolve names run as anybody.
const MODE: u32 = 0o644;

/// Why a file is not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// It cannot be read, and may have lines of another modem.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be replaced.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What is listed of an interface.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Names {
    servers: Vec<IpAddr>,
    search: Vec<String>,
}

type List = BTreeMap<String, Names>;

/// Lists these servers of an interface, in this order, beside those of others; none: it is taken out. A file that is right
/// already is left alone; where there is none, none is made to say nothing.
pub(super) fn set(path: &Path, interface: &str, servers: &[IpAddr], search: &[String]) -> Result<(), FileError> {
    let before = read(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
    let mut list = parse(before.as_deref().unwrap_or_default());
    if servers.is_empty() && !list.contains_key(interface) {
        return Ok(());
    }
    list.insert(interface.to_owned(), Names { servers: servers.to_vec(), search: search.to_vec() });
    let after = render(&list);
    if before.as_deref() == Some(after.as_str()) {
        return Ok(());
    }
    write(path, &after).map_err(|source| FileError::Write { path: path.to_owned(), source })
}

/// Whether the file lists these servers of an interface; in an order that may owe something to another interface.
pub(super) fn has(path: &Path, interface: &str, servers: &[IpAddr], search: &[String]) -> bool {
    let Some(text) = read(path).ok().flatten() else { return false };
    let listed = parse(&text).remove(interface).unwrap_or_default();
    let set = |list: &[IpAddr]| list.iter().copied().collect::<BTreeSet<_>>();
    set(&listed.servers) == set(servers) && listed.search == search
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read(path) {
        // Bytes that are no text are nothing of ours.
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What there is of each interface, of the lines that say so.
fn parse(text: &str) -> List {
    let mut list = List::new();
    for line in text.lines() {
        let Some((what, from)) = line.split_once(" # From ") else { continue };
        let names = |interface: &str| interface.trim().to_owned();
        if let Some(search) = what.strip_prefix("# search ") {
            list.entry(names(from)).or_default().search = search.split_whitespace().map(str::to_owned).collect();
        } else if let Some(Ok(server)) = what.strip_prefix("nameserver ").map(|server| server.trim().parse::<IpAddr>())
        {
            for interface in from.split(',') {
                list.entry(names(interface)).or_default().servers.push(server);
            }
        }
    }
    list
}

/// One line for each server, in the order of the interfaces and of their servers: a server of two is listed where the
/// first has it.
fn render(list: &List) -> String {
    let mut text = HEADER.to_owned();
    let mut seen = BTreeSet::new();
    for server in list.values().flat_map(|names| &names.servers).filter(|server| seen.insert(**server)) {
        let from =
            list.iter().filter(|(_, names)| names.servers.contains(server)).map(|(interface, _)| interface.as_str());
        text.push_str(&format!("nameserver {server} # From {}\n", from.collect::<Vec<_>>().join(", ")));
    }
    let searched = |names: &Names| !names.servers.is_empty() && !names.search.is_empty();
    let mut all: Vec<&str> = Vec::new();
    for (interface, names) in list.iter().filter(|(_, names)| searched(names)) {
        text.push_str(&format!("# search {} # From {interface}\n", names.search.join(" ")));
        names.search.iter().for_each(|domain| {
            if !all.contains(&domain.as_str()) {
                all.push(domain)
            }
        });
    }
    if !all.is_empty() {
        text.push_str(&format!("search {}\n", all.join(" ")));
    }
    text
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    replace(path, text, Some(MODE))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn servers(list: &[&str]) -> Vec<IpAddr> {
        list.iter().map(|one| one.parse().unwrap()).collect()
    }

    fn lines(path: &Path) -> Vec<String> {
        fs::read_to_string(path).unwrap().lines().skip(1).map(str::to_owned).collect()
    }

    #[test]
    fn dns_1_every_server_says_where_it_is_from_in_the_order_of_its_network() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run/resolv.conf");
        set(&path, "wwan1", &servers(&["9.9.9.9", "8.8.8.8"]), &[]).unwrap();
        set(&path, "wwan0", &servers(&["8.8.8.8", "1.1.1.1", "2001:db8::53"]), &[]).unwrap();
        assert_eq!(
            lines(&path),
            [
                "nameserver 8.8.8.8 # From wwan0, wwan1",
                "nameserver 1.1.1.1 # From wwan0",
                "nameserver 2001:db8::53 # From wwan0",
                "nameserver 9.9.9.9 # From wwan1",
            ]
        );
        assert!(has(&path, "wwan1", &servers(&["9.9.9.9", "8.8.8.8"]), &[]), "the other has put them in another order");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        assert!(fs::read_to_string(&path).unwrap().starts_with(HEADER));
        set(&path, "wwan0", &[], &[]).unwrap();
        // The order of a server that two have had is not kept for the other.
        assert_eq!(lines(&path), ["nameserver 8.8.8.8 # From wwan1", "nameserver 9.9.9.9 # From wwan1"]);
        set(&path, "wwan1", &[], &[]).unwrap();
        assert_eq!(lines(&path), Vec::<String>::new());
        assert_eq!(fs::read_dir(dir.path().join("run")).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn ip_1_domains_of_all_modems_are_searched_and_each_is_known_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("resolv.conf");
        let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let (one, two) = (names(&["a.example", "b.example"]), names(&["b.example", "c.example"]));
        set(&path, "wwan0", &servers(&["1.1.1.1"]), &one).unwrap();
        set(&path, "wwan1", &servers(&["9.9.9.9"]), &two).unwrap();
        let told = lines(&path);
        assert_eq!(told[2], "# search a.example b.example # From wwan0");
        assert_eq!(told[4..], ["search a.example b.example c.example"]);
        assert!(has(&path, "wwan1", &servers(&["9.9.9.9"]), &two) && !has(&path, "wwan1", &servers(&["9.9.9.9"]), &[]));
        set(&path, "wwan0", &[], &[]).unwrap();
        assert_eq!(lines(&path).last().unwrap(), "search b.example c.example");
        set(&path, "wwan1", &[], &[]).unwrap();
        assert_eq!(lines(&path), Vec::<String>::new());
    }

    #[test]
    fn dns_2_a_file_that_is_right_is_left_alone_and_none_is_made_for_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("resolv.conf");
        set(&path, "wwan0", &[], &[]).unwrap();
        assert!(!path.exists());
        set(&path, "wwan0", &servers(&["1.1.1.1"]), &[]).unwrap();
        let made = fs::metadata(&path).unwrap();
        set(&path, "wwan0", &servers(&["1.1.1.1"]), &[]).unwrap();
        use std::os::unix::fs::MetadataExt as _;
        assert_eq!(fs::metadata(&path).unwrap().ino(), made.ino(), "not written again");
        assert!(has(&path, "wwan0", &servers(&["1.1.1.1"]), &[]) && !has(&path, "wwan0", &servers(&["8.8.8.8"]), &[]));
        fs::remove_file(&path).unwrap();
        assert!(!has(&path, "wwan0", &servers(&["1.1.1.1"]), &[]));
    }

    #[test]
    fn what_is_no_line_of_ours_is_not_kept_and_does_no_harm() {
        let text = "search example.org\nnameserver 1.1.1.1\nnameserver x # From wwan0\nnameserver 2.2.2.2 # From a,b\n";
        let list = parse(text);
        assert_eq!(list.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(parse(&render(&list)), list, "what is written is read back");
    }
}
