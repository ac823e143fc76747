//! One interface: orders are carried out, and what others do to it is reported at once.

use std::time::Duration;

use rustix::io::Errno;
use tokio::sync::mpsc;

use super::carry_out::carry_out;
use super::clamp::Clamp;
use super::dump::{dump, dump_of};
use super::pace::Pace;
use super::socket::{Netlink, News};
use super::{Host, Order};
use crate::host::clock::Clock;
use crate::host::in_words;
use crate::link::{self, Interface, Operation};
use crate::model::{Instant, IpSettings, LinkState, ModemName};
use crate::reconcile::Input;

/// Rounds of operations and a look at what has become of them. Three are the most that any state takes; the others are
/// for somebody who changes something at the same time.
const ROUNDS: usize = 5;

/// Octets in the name of an interface (`IFNAMSIZ` without its end).
const LONGEST_NAME: usize = 15;

/// Where there is no socket, or no more news, it is tried anew after this time.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Who looks after one interface.
pub(super) struct Attendant {
    modem: ModemName,
    inputs: mpsc::Sender<Input>,
    host: Host,
    netlink: Option<Netlink>,
    clock: Clock,
    pace: Pace,
    /// What our interface was called when it was last looked at; `None`: there was none.
    name: Option<String>,
    /// The number of our interface, so that it is known under another name.
    index: Option<u32>,
    /// What was asked for last.
    configured: Option<LinkState>,
    /// What was said last.
    told: Option<LinkState>,
    /// When to look because of news.
    due: Instant,
    clamp: Clamp,
}

impl Attendant {
    pub(super) fn new(modem: ModemName, inputs: mpsc::Sender<Input>, host: Host) -> Self {
        let clock = Clock::start();
        let pace = Pace::new(clock.now());
        let (netlink, name, index, configured, told) = (None, None, None, None, None);
        let (due, clamp) = (Instant::FAR, Clamp::default());
        Self { modem, inputs, host, netlink, clock, pace, name, index, configured, told, due, clamp }
    }

    /// Until nobody gives orders any more.
    pub(super) async fn attend(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        loop {
            if self.netlink.is_none() {
                self.netlink = Netlink::open().inspect_err(|error| tracing::warn!(modem = %self.modem, "{error}")).ok();
            }
            let clock = self.clock;
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(order) => self.carry_out(order).await,
                    None => return,
                },
                () = clock.reach(self.due) => self.look_again().await,
                () = self.host.names.changed(&self.modem, self.name.as_deref()) => self.look_again().await,
                news = news(&mut self.netlink, &self.modem, self.index) => self.heard(news),
            }
        }
    }

    async fn carry_out(&mut self, order: Order) {
        match order {
            Order::Look => self.look().await,
            Order::Configure(link) => {
                let outcome = self.configure(link).await;
                if let Err(why) = &outcome {
                    tracing::warn!(modem = %self.modem, "the interface cannot be configured: {why}");
                }
                self.report(Input::LinkDone(self.modem.clone(), outcome)).await;
            }
        }
    }

    fn heard(&mut self, news: News) {
        let now = self.clock.now();
        match news {
            News::Changed if self.due == Instant::FAR => self.due = self.pace.look_at(now),
            News::Changed => {}
            News::Lost => {
                // Nothing of what was seen before counts: everything is looked at.
                tracing::debug!(modem = %self.modem, "changes of interfaces were lost");
                self.told = None;
                self.due = self.pace.look_at(now);
            }
            News::Closed => {
                self.netlink = None;
                self.told = None;
                self.due = now + AGAIN_AFTER;
            }
        }
    }

    /// Reports the state.
    async fn look(&mut self) {
        self.told = None;
        self.clamp.look(&self.modem).await;
        self.look_again().await;
        // Behind the first report, for which a start waits.
        self.clamp.begin(&self.modem).await;
    }

    /// Reports the state unless it is as it was.
    async fn look_again(&mut self) {
        self.due = Instant::FAR;
        let state = match self.dump().await {
            Ok(Some(has)) => self.state(&has),
            Ok(None) => LinkState { absent: true, ..LinkState::default() },
            Err(why) => {
                tracing::warn!(modem = %self.modem, "the interface cannot be looked at: {why}");
                self.due = self.clock.now() + AGAIN_AFTER;
                return;
            }
        };
        let changed = self.told.as_ref() != Some(&state);
        // What was asked for is no drift.
        self.pace.looked(changed && self.told.is_some(), self.clock.now());
        if changed {
            self.told = Some(state.clone());
            self.report(Input::Link(self.modem.clone(), state)).await;
        }
    }

    fn state(&self, has: &Interface) -> LinkState {
        let mut state = link::state(has, self.name_for(has), self.configured.as_ref());
        state.clamp_mss &= self.clamp.has(&state);
        if self.host.name_servers.has(&self.modem, &state) {
            return state;
        }
        LinkState { ip: IpSettings { dns: Vec::new(), ..state.ip }, ..state }
    }

    /// What the interface shall be called: as the modem, unless an interface that is none of ours is called so. To be
    /// online matters more than a name.
    fn name_for<'a>(&'a self, has: &'a Interface) -> &'a str {
        let kept = has.name_taken && !self.host.names.is_on_loan(&self.modem.0);
        if kept { &has.name } else { &self.modem.0 }
    }

    async fn dump(&mut self) -> Result<Option<Interface>, String> {
        self.name = self.host.names.of(&self.modem);
        let Some(name) = &self.name else { return Ok(None) };
        let Some(netlink) = &mut self.netlink else { return Err("no netlink socket".to_owned()) };
        let sys = &self.host.roots.sys;
        let found = dump(netlink, sys, name, &self.modem.0, self.index).await.map_err(|error| in_words(&error))?;
        let before = std::mem::replace(&mut self.index, found.as_ref().map(|has| has.index));
        if let Some(before) = before.filter(|before| found.is_some() && self.index != Some(*before)) {
            self.leave(before).await;
        }
        Ok(found)
    }

    /// The entry means another interface now: what it has put on the one before goes, if that is still there.
    async fn leave(&mut self, index: u32) {
        let Some(netlink) = self.netlink.as_mut().filter(|_| self.configured.take().is_some()) else { return };
        let Ok(Some(has)) = dump_of(netlink, &self.host.roots.sys, index).await else { return };
        tracing::debug!(modem = %self.modem, "{} is not its interface any more", has.name);
        for operation in link::operations(&has, &has.name, &LinkState::default()).unwrap_or_default() {
            if let Err(why) = self.carry_out_one(&has, &operation).await {
                tracing::warn!(modem = %self.modem, "{why}");
            }
        }
    }

    async fn configure(&mut self, wants: LinkState) -> Result<(), String> {
        self.configured = Some(wants.clone());
        // What is said next has been looked at after this.
        self.told = None;
        for _ in 0..ROUNDS {
            let Some(has) = self.dump().await? else {
                self.host.name_servers.forget(&self.modem).await;
                self.clamp.forget(&self.modem).await;
                return if wants.is_bare() { Ok(()) } else { Err(format!("there is no interface {}", self.modem)) };
            };
            let operations =
                link::operations(&has, self.name_for(&has), &wants).map_err(|refusal| refusal.to_string())?;
            if operations.is_empty() {
                self.clamp.set(&self.modem, &has.name, &wants).await?;
                return self.host.name_servers.set(&self.modem, has.index, &wants).await;
            }
            if wants.is_bare() {
                // Before the way to them goes.
                self.host.name_servers.forget(&self.modem).await;
            }
            for operation in &operations {
                self.carry_out_one(&has, operation).await?;
            }
        }
        Err("somebody else changes the interface as often as we do".to_owned())
    }

    async fn carry_out_one(&mut self, has: &Interface, operation: &Operation) -> Result<(), String> {
        let Some(netlink) = &mut self.netlink else { return Err("no netlink socket".to_owned()) };
        let sys = &self.host.roots.sys;
        tracing::debug!(modem = %self.modem, "{operation}");
        let done = carry_out(netlink, sys, has, operation).await;
        if let Operation::Rename(name) = operation {
            match &done {
                Ok(()) => self.host.names.rename(&self.modem, name),
                // Two that have each other's name: one has to let go first.
                Err(error) if error.is_one_of(&[Errno::EXIST]) && self.host.names.is_on_loan(name) => {
                    let aside = format!("{}_", name.chars().take(LONGEST_NAME - 1).collect::<String>());
                    if carry_out(netlink, sys, has, &Operation::Rename(aside.clone())).await.is_ok() {
                        self.host.names.rename(&self.modem, &aside);
                    }
                }
                Err(_) => {}
            }
        }
        done.map_err(|error| format!("cannot {operation}: {}", in_words(&error)))
    }

    /// Waits while the loop is busy; the loop waits for nothing of ours.
    async fn report(&mut self, input: Input) {
        // The loop may have ended.
        drop(self.inputs.send(input).await);
    }
}

async fn news(netlink: &mut Option<Netlink>, modem: &ModemName, index: Option<u32>) -> News {
    match netlink {
        Some(netlink) => netlink.news(&modem.0, index).await,
        None => {
            tokio::time::sleep(AGAIN_AFTER).await;
            News::Closed
        }
    }
}
