//! Network interfaces of the kernel, over rtnetlink: what they are like, changes to them, and what others do to them.
//!
//! One task per modem, so that no modem waits for another. What the kernel should have is decided in [`crate::link`];
//! here it is asked, told and listened to. Nothing is undone when a task ends: the traffic of a gateway does not stop
//! because its daemon does.

mod attend;
mod carry_out;
mod clamp;
mod dump;
mod pace;
mod socket;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use self::attend::Attendant;
use super::dns::NameServers;
use super::port::{InterfaceNames, Roots};
use crate::model::{LinkState, ModemName};
use crate::reconcile::Input;

/// The interfaces of all modems.
#[derive(Debug)]
pub struct Interfaces {
    tasks: BTreeMap<ModemName, mpsc::UnboundedSender<Order>>,
    inputs: mpsc::Sender<Input>,
    host: Host,
}

/// What of the host the interfaces have to do with, besides the kernel's netlink.
#[derive(Clone, Debug)]
struct Host {
    /// What each modem's interface is called.
    names: InterfaceNames,
    name_servers: Arc<NameServers>,
    roots: Roots,
}

/// What the core asks of an interface. Few: one change is in flight at a time, and looks are asked for once.
#[derive(Debug)]
enum Order {
    Look,
    Configure(LinkState),
}

impl Interfaces {
    /// None yet; they have these `names`, report to `inputs`, and tell `name_servers` of theirs.
    #[must_use]
    pub fn new(inputs: mpsc::Sender<Input>, names: InterfaceNames, name_servers: NameServers, roots: Roots) -> Self {
        let host = Host { names, name_servers: Arc::new(name_servers), roots };
        Self { tasks: BTreeMap::new(), inputs, host }
    }

    /// Reports the state of the modem's interface, as [`Input::Link`]; and from then on whenever it changes.
    pub fn look(&mut self, modem: &ModemName) {
        self.order(modem, Order::Look);
    }

    /// Makes it so, under the modem's name, and answers with [`Input::LinkDone`].
    pub fn configure(&mut self, modem: &ModemName, link: &LinkState) {
        self.order(modem, Order::Configure(link.clone()));
    }

    fn order(&mut self, modem: &ModemName, order: Order) {
        let Self { tasks, inputs, host } = self;
        let orders = tasks.entry(modem.clone()).or_insert_with(|| {
            let (orders, received) = mpsc::unbounded_channel();
            tokio::spawn(Attendant::new(modem.clone(), inputs.clone(), host.clone()).attend(received));
            orders
        });
        // The task ends only with this sender.
        drop(orders.send(order));
    }
}
