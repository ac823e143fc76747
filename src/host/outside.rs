//! What is beyond the interfaces: how many packets they have carried, and whether somebody out there answers.
//!
//! Every question leaves through the modem's interface, whatever the routes say (`SO_BINDTODEVICE`, which needs no
//! privilege since Linux 5.7). What an answer means, and when to ask, is decided in [`crate::reconcile`].

mod ask;
mod dns;
mod ways;

use std::fs;

use tokio::sync::mpsc;

use self::ask::{Outcome, Way};
use super::port::{InterfaceNames, Roots};
use super::report;
use crate::model::{Elsewhere, ModemName, Packets, Portal, Probe, Probed, Target};
use crate::reconcile::Input;

/// Looks through the interfaces of all modems.
#[derive(Clone, Debug)]
pub struct Outside {
    inputs: mpsc::Sender<Input>,
    names: InterfaceNames,
    roots: Roots,
}

impl Outside {
    /// Through interfaces of these `names`, with reports to `inputs`.
    #[must_use]
    pub fn new(inputs: mpsc::Sender<Input>, names: InterfaceNames, roots: Roots) -> Self {
        Self { inputs, names, roots }
    }

    /// Reports how many packets the interface has carried, as [`Input::Packets`]. One that is not there has carried none.
    pub fn count(&mut self, modem: &ModemName) {
        let devices = fs::read_to_string(self.roots.proc.join("net/dev")).unwrap_or_default();
        let packets = self.names.of(modem).and_then(|interface| packets(&devices, &interface));
        report(&self.inputs, Input::Packets(modem.clone(), packets.unwrap_or_default()));
    }

    /// Asks, and answers with [`Input::Probed`].
    pub fn ask(&mut self, modem: &ModemName, probe: Probe) {
        let (this, modem) = (self.clone(), modem.clone());
        tokio::spawn(async move {
            let probed = match this.names.of(&modem) {
                Some(interface) => this.probed(&interface, &probe).await,
                None => Probed::NobodyToAsk("there is no interface".to_owned()),
            };
            tracing::debug!(%modem, ?probed, "asked whether data passes");
            // The loop has ended: nobody is interested.
            drop(this.inputs.send(Input::Probed(modem, probe.number, probed)).await);
        });
    }

    async fn probed(&self, interface: &str, probe: &Probe) -> Probed {
        let way = Way::of_modem(interface, &probe.ip);
        let mut reasons = Vec::new();
        let mut asked = Vec::new();
        for target in &probe.targets {
            match way.ask(target).await {
                Outcome::Answered => return Probed::Answered(target.clone()),
                Outcome::Portal(status) => return Probed::Portal(Portal { target: target.clone(), status }),
                Outcome::Silent => asked.push(target),
                Outcome::NotAsked(why) => reasons.push(format!("{target}: {why}")),
            }
        }
        if asked.is_empty() {
            return Probed::NobodyToAsk(reasons.join("; "));
        }
        Probed::Unanswered(self.elsewhere(interface, &asked).await)
    }

    /// The same questions by the best other way out of this host.
    async fn elsewhere(&self, interface: &str, targets: &[&Target]) -> Elsewhere {
        let Some(way) = ways::others(&self.roots, interface).into_iter().next() else { return Elsewhere::NoOtherWay };
        let mut said = Elsewhere::NoOtherWay;
        for target in targets.iter().filter(|target| target.is_everybodys()) {
            match way.ask(target).await {
                Outcome::Answered | Outcome::Portal(_) => return Elsewhere::Answered,
                Outcome::Silent => said = Elsewhere::Unanswered,
                Outcome::NotAsked(_) => {}
            }
        }
        said
    }
}

/// The counters of an interface in `/proc/net/dev`, which, other than `/sys`, is always that of our own namespace: eight
/// numbers of what was received and as many of what was sent, each beginning with octets, packets, errors and losses.
/// What a driver could not get rid of was to be sent, too: a queue that is stuck shows by that alone.
fn packets(devices: &str, interface: &str) -> Option<Packets> {
    let of = |line: &str| Some(line.split_once(':').filter(|(name, _)| name.trim() == interface)?.1.to_owned());
    let numbers = devices.lines().find_map(of)?;
    let number = |at: usize| numbers.split_whitespace().nth(at)?.parse::<u64>().ok();
    Some(Packets { rx: number(1)?, tx: number(9)?.saturating_add(number(10)?).saturating_add(number(11)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counters_of_an_interface_are_found_by_its_name() {
        const DEVICES: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  100      1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
 wwan0:4862915    7013    0    0    0     0          0         0   271938    2412    5    3    0     0       0          0
";
        assert_eq!(packets(DEVICES, "wwan0"), Some(Packets { rx: 7013, tx: 2420 }));
        assert_eq!((packets(DEVICES, "wwan"), packets("", "wwan0")), (None, None));
    }
}
