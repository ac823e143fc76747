//! Tells when a device may have come or gone: the kernel's uevents, or else what happens to the nodes in `/dev`.
//!
//! An event is only a hint to look. No daemon stands between the kernel and us, so none has to run; but where `udev`
//! runs it gives a node its owner and its rights after the kernel's event, so its own event, which comes then, is a
//! hint too.

use std::io;
use std::os::fd::OwnedFd;

use notify::event::EventKind;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use rustix::io::Errno;
use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;

use super::port::Roots;

/// Multicast groups of the socket: the kernel's own events, and those of `udev`.
const GROUPS: u32 = 0b11;
/// The kernel's events have 2 KiB at most (`UEVENT_BUFFER_SIZE`), those of `udev` some more.
const LARGEST: usize = 16 * 1024;

/// Events about devices.
#[derive(Debug)]
pub struct Hotplug(Source);

#[derive(Debug)]
enum Source {
    Kernel(AsyncFd<OwnedFd>),
    /// Nodes come and go; the watcher stops when it is dropped.
    Nodes(mpsc::Receiver<()>, #[expect(dead_code, reason = "kept, not used")] RecommendedWatcher),
    Nothing,
}

impl Hotplug {
    /// Begins to listen to this host. Without any way to do so, which the log tells, nothing is ever reported, and who
    /// waits for a device finds it by looking now and then.
    #[must_use]
    pub fn of_host(roots: &Roots) -> Self {
        let kernel = match uevents() {
            Ok(socket) => return Self(Source::Kernel(socket)),
            Err(why) => why,
        };
        match nodes(roots) {
            Ok((hints, watcher)) => Self(Source::Nodes(hints, watcher)),
            Err(why) => {
                tracing::warn!(%kernel, nodes = %why, "no events about devices; they are looked for in intervals");
                Self::nothing()
            }
        }
    }

    /// For modems that no kernel knows: never reports anything.
    #[must_use]
    pub fn nothing() -> Self {
        Self(Source::Nothing)
    }

    /// Waits until something that can be a modem, its control port or its interface may have come or gone; what
    /// happened together is reported once. Safe to be dropped and called again.
    pub async fn changed(&mut self) {
        loop {
            let heard = match &mut self.0 {
                Source::Kernel(socket) => heard(socket).await,
                Source::Nodes(hints, _) => match hints.recv().await {
                    Some(()) => {
                        while hints.try_recv().is_ok() {}
                        return;
                    }
                    None => Err(io::ErrorKind::BrokenPipe.into()),
                },
                Source::Nothing => std::future::pending().await,
            };
            match heard {
                Ok(true) => return,
                Ok(false) => {}
                Err(why) => {
                    tracing::warn!(%why, "no more events about devices; they are looked for in intervals");
                    self.0 = Source::Nothing;
                }
            }
        }
    }
}

fn uevents() -> io::Result<AsyncFd<OwnedFd>> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(KOBJECT_UEVENT))?;
    bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
    super::watched(socket)
}

fn nodes(roots: &Roots) -> notify::Result<(mpsc::Receiver<()>, RecommendedWatcher)> {
    let (tell, hints) = mpsc::channel(1);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let reading = event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_)));
        if !reading {
            // Full: a hint is waiting already. Closed: nobody listens any more.
            let _ = tell.try_send(());
        }
    })?;
    watcher.watch(&roots.dev, RecursiveMode::NonRecursive)?;
    Ok((hints, watcher))
}

/// Takes all events that are there; whether one of them matters.
async fn heard(socket: &AsyncFd<OwnedFd>) -> io::Result<bool> {
    let mut ready = socket.readable().await?;
    let mut matters = false;
    let mut event = vec![0; LARGEST];
    loop {
        match recv(socket.get_ref(), &mut event[..], RecvFlags::empty()) {
            Ok((read, _)) => matters |= event.get(..read).is_none_or(concerns_a_modem),
            // So many came at once that some are lost: anything may have happened.
            Err(Errno::NOBUFS) => matters = true,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                ready.clear_ready();
                return Ok(matters);
            }
            Err(why) => return Err(why.into()),
        }
    }
}

/// Whether an event is about something that can be a modem or a part of one. Both the kernel and `udev` write
/// `NAME=value` texts that end with NUL (kernel: lib/kobject_uevent.c; `udev` puts a head of its own before them).
fn concerns_a_modem(event: &[u8]) -> bool {
    let value = |name: &str| {
        event.split(|byte| *byte == 0).find_map(|text| text.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
    };
    match value("SUBSYSTEM") {
        Some(b"usbmisc" | b"wwan") => true,
        // Those of containers and tunnels come and go all day, and are no modem's.
        Some(b"net") => value("DEVPATH").is_some_and(|path| !path.starts_with(b"/devices/virtual/")),
        // A modem in its boot loader has neither port nor interface.
        Some(b"usb") => value("DEVTYPE") == Some(b"usb_device"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &[&str]) -> Vec<u8> {
        text.iter().flat_map(|line| line.bytes().chain([0])).collect()
    }

    #[test]
    fn dev_1_events_about_modems_are_told_from_others() {
        let path = "DEVPATH=/devices/platform/vhci_hcd.0/usb1/1-1/1-1:1.4";
        let node = ["add@/devices/x", "ACTION=add", path, "SUBSYSTEM=usbmisc", "DEVNAME=cdc-wdm0", "SEQNUM=7"];
        assert!(concerns_a_modem(&event(&node)));
        assert!(concerns_a_modem(&event(&["remove@/devices/x", "ACTION=remove", path, "SUBSYSTEM=wwan"])));
        assert!(concerns_a_modem(&event(&["add@/devices/x", path, "SUBSYSTEM=net", "INTERFACE=wwan0"])));
        assert!(concerns_a_modem(&event(&["add@/devices/x", path, "SUBSYSTEM=usb", "DEVTYPE=usb_device"])));
        assert!(!concerns_a_modem(&event(&["add@/devices/x", path, "SUBSYSTEM=usb", "DEVTYPE=usb_interface"])));
        let veth = ["add@/devices/x", "DEVPATH=/devices/virtual/net/veth0", "SUBSYSTEM=net", "INTERFACE=veth0"];
        assert!(!concerns_a_modem(&event(&veth)));
        assert!(!concerns_a_modem(&event(&["change@/devices/x", "SUBSYSTEM=block", "NOTE=SUBSYSTEM=net"])));
        assert!(!concerns_a_modem(b""));
    }

    #[test]
    fn dev_1_an_event_of_udev_has_a_head_before_the_same_texts() {
        let head = b"libudev\0\xfe\xed\xca\xfe\x28\0\0\0\x28\0\0\0\x9a\0\0\0\x05w\xc5\xe5\0\0\0\0\0\0\0\0\0\0\0\0";
        let texts = event(&["ACTION=add", "DEVPATH=/devices/x", "SUBSYSTEM=usbmisc", "DEVNAME=/dev/cdc-wdm0"]);
        assert!(concerns_a_modem(&[head.to_vec(), texts].concat()));
    }

    #[tokio::test]
    async fn dev_1_without_the_kernels_events_nodes_tell() {
        let dir = tempfile::tempdir().unwrap();
        let roots = Roots { sys: dir.path().join("sys"), dev: dir.path().to_owned(), proc: "/nowhere".into() };
        let (hints, watcher) = nodes(&roots).unwrap();
        let mut hotplug = Hotplug(Source::Nodes(hints, watcher));
        std::fs::write(dir.path().join("cdc-wdm0"), "").unwrap();
        let patience = std::time::Duration::from_secs(30);
        tokio::time::timeout(patience, hotplug.changed()).await.unwrap();
    }
}
