//! Who carries out what the core asks for: seven narrow traits, and the one place that deals outputs to them.
//!
//! No method waits, and none but the store's answers: an answer is an [`crate::reconcile::Input`] that arrives by the
//! channel the executor was made with.

use crate::host::power::PowerOrder;
use crate::model::{Fact, LeaseOrder, LinkState, ModemName, Plugin, Probe, Question};
use crate::property::{Change, Held};
use crate::reconcile::{Controller, Fleet, Memory, Output, PortSpec};
use crate::sim::Disturbance;

/// Control ports.
#[cfg_attr(test, mockall::automock)]
pub trait Ports {
    /// Whether ModemManager is to be asked to leave the modem to us, from the next look or opening on.
    fn keep_modem_manager_away(&mut self, modem: &ModemName, away: bool);
    /// Reports the state of the port.
    fn look(&mut self, modem: &ModemName, spec: &PortSpec);
    /// Opens it.
    fn open(&mut self, modem: &ModemName, spec: &PortSpec);
    /// Closes it.
    fn close(&mut self, modem: &ModemName);
    /// Writes one frame.
    fn send(&mut self, modem: &ModemName, frame: &[u8]);
}

/// Network interfaces.
#[cfg_attr(test, mockall::automock)]
pub trait Links {
    /// Reports the state of the interface.
    fn look(&mut self, modem: &ModemName);
    /// Makes it so.
    fn configure(&mut self, modem: &ModemName, link: &LinkState);
}

/// Addresses from DHCP servers.
#[cfg_attr(test, mockall::automock)]
pub trait Leases {
    /// Has this leased on a modem's interface, or nothing.
    fn have(&mut self, modem: &ModemName, order: Option<LeaseOrder>);
    /// Reports how it stands.
    fn look(&mut self, modem: &ModemName);
}

/// What is beyond the network interfaces.
#[cfg_attr(test, mockall::automock)]
pub trait Outside {
    /// Reports how many packets an interface has carried.
    fn count(&mut self, modem: &ModemName);
    /// Asks somebody out there.
    fn ask(&mut self, modem: &ModemName, probe: Probe);
}

/// Power switches.
#[cfg_attr(test, mockall::automock)]
pub trait Power {
    /// Carries out an order.
    fn switch(&mut self, modem: &ModemName, order: PowerOrder);
}

/// What outlives the process.
#[cfg_attr(test, mockall::automock)]
pub trait Store {
    /// Everything that was kept.
    fn recall(&self) -> Vec<(ModemName, Memory)>;
    /// Keeps, so that it outlives a crash and a power cut.
    ///
    /// # Errors
    /// It could not; in words.
    fn remember(&mut self, modem: &ModemName, memory: &Memory) -> Result<(), String>;
}

/// Plugins.
#[cfg_attr(test, mockall::automock)]
pub trait Plugins {
    /// Has these ready, and no others.
    fn have(&mut self, plugins: Vec<Plugin>);
    /// Asks one of them about a modem.
    fn ask(&mut self, modem: ModemName, question: Question);
    /// Tells them what properties have become, where they do not know it yet.
    fn tell(&mut self, changes: &[Change]);
}

/// A bench of simulated modems.
pub trait Bench {
    /// Does something to one of them.
    ///
    /// # Errors
    /// No such modem, or it cannot be done; in words.
    fn disturb(&mut self, modem: &ModemName, disturbance: &Disturbance) -> Result<(), String>;
}

/// All executors of one daemon.
pub struct Executors {
    /// Control ports.
    pub ports: Box<dyn Ports>,
    /// Network interfaces.
    pub links: Box<dyn Links>,
    /// Addresses on them.
    pub leases: Box<dyn Leases>,
    /// What is beyond them.
    pub outside: Box<dyn Outside>,
    /// Power switches.
    pub power: Box<dyn Power>,
    /// Memory.
    pub store: Box<dyn Store>,
    /// Plugins.
    pub plugins: Box<dyn Plugins>,
    /// The bench, if the modems are simulated.
    pub bench: Option<Box<dyn Bench>>,
}

impl Executors {
    /// Something came or went that may be a modem: looks at every port now, whenever the core would have asked for it.
    pub(super) fn look_at_ports(&mut self, fleet: &Fleet) {
        for controller in fleet.controllers() {
            self.look_at_port(controller);
        }
    }

    fn look_at_port(&mut self, controller: &Controller) {
        self.mind_modem_manager(controller);
        self.ports.look(controller.name(), &controller.port());
    }

    fn mind_modem_manager(&mut self, controller: &Controller) {
        self.ports.keep_modem_manager_away(controller.name(), controller.config().inhibit_modem_manager);
    }

    /// Deals an output to whom it concerns.
    pub(super) fn carry_out(&mut self, output: Output, fleet: &Fleet) {
        match output {
            Output::Look(modem, Fact::Port) => {
                let Some(controller) = fleet.controller(&modem) else { return };
                self.look_at_port(controller);
            }
            Output::Look(modem, Fact::Link) => self.links.look(&modem),
            Output::Look(modem, Fact::Lease) => self.leases.look(&modem),
            Output::Look(modem, Fact::Internet) => self.outside.count(&modem),
            Output::Look(modem, fact) => debug_assert!(false, "{modem}: the host cannot look at the {}", fact.name()),
            Output::OpenPort(modem, spec) => {
                if let Some(controller) = fleet.controller(&modem) {
                    self.mind_modem_manager(controller);
                }
                self.ports.open(&modem, &spec);
            }
            Output::ClosePort(modem) => self.ports.close(&modem),
            Output::Send(modem, frame) => self.ports.send(&modem, &frame),
            Output::ConfigureLink(modem, link) => self.links.configure(&modem, &link),
            Output::Lease(modem, order) => self.leases.have(&modem, order),
            Output::Probe(modem, probe) => self.outside.ask(&modem, probe),
            Output::Power(modem, command) => {
                let Some(controller) = fleet.controller(&modem) else { return };
                let switch = controller.config().power.switch().cloned();
                self.power.switch(&modem, PowerOrder { command, switch, port: controller.port() });
            }
            Output::Plugins(plugins) => {
                self.plugins.have(plugins);
                // One that is new has missed everything that was known before it.
                let known = fleet.controllers().flat_map(|controller| controller.properties().iter());
                let appeared = |(name, held): (&str, &Held)| Change {
                    name: name.to_owned(),
                    old: None,
                    new: Some(held.value.clone()),
                    at: held.since,
                };
                self.plugins.tell(&known.map(appeared).collect::<Vec<_>>());
            }
            Output::Ask(modem, question) => self.plugins.ask(modem, question),
            Output::Event(_) | Output::Changed(_) | Output::Fetch(_) | Output::LookUp(..) | Output::Remember(..) => {
                debug_assert!(false, "the loop does these itself");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::config::{Source, Switch};
    use crate::model::{About, Instant, IpSettings, ProviderQuestion, Target};
    use crate::reconcile::{Event, EventKind, Input, PowerCommand};

    /// Executors that expect nothing; each test sets what it expects.
    struct Mocks {
        ports: MockPorts,
        links: MockLinks,
        leases: MockLeases,
        outside: MockOutside,
        power: MockPower,
        store: MockStore,
        plugins: MockPlugins,
    }

    impl Mocks {
        fn new() -> Self {
            Self {
                ports: MockPorts::new(),
                links: MockLinks::new(),
                leases: MockLeases::new(),
                outside: MockOutside::new(),
                power: MockPower::new(),
                store: MockStore::new(),
                plugins: MockPlugins::new(),
            }
        }

        fn carry_out(self, output: Output) {
            let Self { ports, links, leases, outside, power, store, plugins } = self;
            let mut executors = Executors {
                ports: Box::new(ports),
                links: Box::new(links),
                leases: Box::new(leases),
                outside: Box::new(outside),
                power: Box::new(power),
                store: Box::new(store),
                plugins: Box::new(plugins),
                bench: None,
            };
            executors.carry_out(output, &fleet());
        }
    }

    const FILE: &str = "version: 1
modems: {wwan0: {power: {method: usb-port, hub: \"1-1\", port: 3}, service_providers: [{apn: internet}]}}
";

    fn fleet() -> Fleet {
        let mut fleet = Fleet::new(1);
        fleet.handle(Input::Config(vec![Source::new("wwan.yaml", FILE)]), Instant::ZERO);
        fleet
    }

    fn wwan0() -> ModemName {
        "wwan0".into()
    }

    #[test]
    fn looks_go_to_the_owner_of_the_fact() {
        let mut mocks = Mocks::new();
        let spec = PortSpec::Interface("wwan0".into());
        mocks.ports.expect_keep_modem_manager_away().with(eq(wwan0()), eq(false)).once().return_const(());
        mocks.ports.expect_look().with(eq(wwan0()), eq(spec)).once().return_const(());
        mocks.carry_out(Output::Look(wwan0(), Fact::Port));
        let mut mocks = Mocks::new();
        mocks.links.expect_look().with(eq(wwan0())).once().return_const(());
        mocks.carry_out(Output::Look(wwan0(), Fact::Link));
        let mut mocks = Mocks::new();
        mocks.outside.expect_count().with(eq(wwan0())).once().return_const(());
        mocks.carry_out(Output::Look(wwan0(), Fact::Internet));
    }

    #[test]
    fn a_modem_that_is_no_longer_configured_is_not_looked_at() {
        Mocks::new().carry_out(Output::Look("wwan9".into(), Fact::Port));
    }

    #[test]
    fn everything_about_the_port_goes_to_the_ports() {
        let mut mocks = Mocks::new();
        let spec = PortSpec::Device("/dev/cdc-wdm0".into());
        mocks.ports.expect_keep_modem_manager_away().with(eq(wwan0()), eq(false)).once().return_const(());
        mocks.ports.expect_open().with(eq(wwan0()), eq(spec.clone())).once().return_const(());
        mocks.carry_out(Output::OpenPort(wwan0(), spec));
        let mut mocks = Mocks::new();
        mocks.ports.expect_send().withf(|modem, frame| *modem == wwan0() && frame == [1, 2, 3]).once().return_const(());
        mocks.carry_out(Output::Send(wwan0(), vec![1, 2, 3]));
        let mut mocks = Mocks::new();
        mocks.ports.expect_close().with(eq(wwan0())).once().return_const(());
        mocks.carry_out(Output::ClosePort(wwan0()));
    }

    #[test]
    fn links_and_power_go_to_theirs() {
        let mut mocks = Mocks::new();
        let link = LinkState { up: true, ..LinkState::default() };
        mocks.links.expect_configure().with(eq(wwan0()), eq(link.clone())).once().return_const(());
        mocks.carry_out(Output::ConfigureLink(wwan0(), link));
        let mut mocks = Mocks::new();
        let switch = Some(Switch::UsbPort { hub: "1-1".to_owned(), port: 3 });
        let order = PowerOrder { command: PowerCommand::Off, switch, port: PortSpec::Interface("wwan0".into()) };
        mocks.power.expect_switch().with(eq(wwan0()), eq(order)).once().return_const(());
        mocks.carry_out(Output::Power(wwan0(), PowerCommand::Off));
    }

    #[test]
    fn leases_go_to_the_clients() {
        let order = LeaseOrder { number: 1, host_name: None, had: None, seed: 7 };
        let mut mocks = Mocks::new();
        mocks.leases.expect_have().with(eq(wwan0()), eq(Some(order.clone()))).once().return_const(());
        mocks.carry_out(Output::Lease(wwan0(), Some(order)));
        let mut mocks = Mocks::new();
        mocks.leases.expect_look().with(eq(wwan0())).once().return_const(());
        mocks.carry_out(Output::Look(wwan0(), Fact::Lease));
    }

    #[test]
    fn questions_to_the_internet_go_outside() {
        let probe = Probe { number: 3, targets: vec![Target::NameServers], ip: IpSettings::default() };
        let mut mocks = Mocks::new();
        mocks.outside.expect_ask().with(eq(wwan0()), eq(probe.clone())).once().return_const(());
        mocks.carry_out(Output::Probe(wwan0(), probe));
    }

    #[test]
    fn questions_go_to_the_plugins() {
        let question =
            Question { number: 7, plugin: "prefer".into(), about: About::Provider(ProviderQuestion::default()) };
        let mut mocks = Mocks::new();
        mocks.plugins.expect_ask().with(eq(wwan0()), eq(question.clone())).once().return_const(());
        mocks.carry_out(Output::Ask(wwan0(), question));
        let mut mocks = Mocks::new();
        mocks.plugins.expect_have().with(eq(Vec::new())).once().return_const(());
        mocks.plugins.expect_tell().withf(|values| !values.is_empty()).once().return_const(());
        mocks.carry_out(Output::Plugins(Vec::new()));
    }

    #[test]
    #[should_panic(expected = "the loop does these itself")]
    fn events_are_not_for_executors() {
        Mocks::new().carry_out(Output::Event(Event { modem: None, what: EventKind::Retired }));
    }
}
