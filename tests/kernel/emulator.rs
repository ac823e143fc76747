//! A USB modem: a simulated modem behind the control endpoint, a network behind the bulk endpoints, plugged into a port
//! of the kernel's virtual host controller.
//!
//! One thread per modem. Its far end of the socket pair is the device's cable: closing it is pulling the device.

use std::collections::VecDeque;
use std::fs;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use wwan::host::clock::Clock;
use wwan::model::Instant;
use wwan::sim::{
    BoardOutput, ConnectionId, Disturbance, Personality, Power, Profile, SimModem, Switchboard, Truth, Witness,
};

use super::carrier::{self, Addresses};
use super::program::until;
use super::usb::{self, Ask, FROM_DEVICE, Identity, NOTIFY, STALL, Setup, TO_DEVICE, Transfer};

/// Where the virtual host controller is told of devices.
const ATTACH: &str = "/sys/devices/platform/vhci_hcd.0/attach";
/// USB 2.0, 480 Mbit/s, as the controller counts speeds.
const HIGH_SPEED: u8 = 3;
/// Whoever uses the node: the kernel lets one program open it.
const HOST: ConnectionId = ConnectionId(0);
/// How often a supply looks at its switch: a capacitor's time.
const SUPPLY: Duration = Duration::from_millis(10);
/// Packets that wait for the host; more are lost, as in a modem.
const WAITING: usize = 64;

/// A modem that answers everything at once and finds its network as soon as it has power: what then takes time is not
/// the modem.
pub fn prompt() -> Personality {
    Personality {
        enumerate_ms: (0, 0),
        boot_ms: (0, 0),
        card_ms: (0, 0),
        reaction_ms: (0, 0),
        search_ms: (0, 0),
        attach_ms: (0, 0),
        answer_ms: (0, 0),
        card_answer_ms: (0, 0),
        mode_ms: (0, 0),
        dial_ms: (0, 0),
        repeated_per_mille: 0,
        ..Personality::default()
    }
}

/// What somebody who looks at the modem sees.
#[derive(Clone, Debug)]
pub struct Seen {
    pub truth: Truth,
    pub addresses: Addresses,
    /// Packets that the network answered.
    pub answered: u32,
    /// Notes of the inspector, with the time since boot.
    pub notes: Vec<(Instant, Witness)>,
}

enum Order {
    Disturb(Disturbance),
    Power(Power),
    /// It is plugged into this port from the next time on.
    Port(u8),
    /// It takes no packets of the host any more, or takes them again.
    Choke(bool),
}

/// A USB modem on somebody's desk. It is pulled when this is dropped.
pub struct UsbModem {
    orders: mpsc::UnboundedSender<Order>,
    seen: Arc<Mutex<Option<Seen>>>,
    pub imei: String,
}

impl UsbModem {
    /// Plugs a modem with this character into a port of the controller, from 0.
    pub fn plug_in(port: u8, identity: Identity, personality: Personality) -> Self {
        let (orders, received) = mpsc::unbounded_channel();
        let seen = Arc::default();
        let profile = Profile::numbered(u64::from(port) + 1);
        let imei = profile.imei.clone();
        let clock = Clock::since_boot();
        let modem = SimModem::new(personality, profile, u64::from(port) + 1, clock.now());
        let device = Device {
            board: Switchboard::new(modem),
            identity,
            port,
            clock,
            cable: None,
            answers: VecDeque::new(),
            notices: 0,
            packets: VecDeque::new(),
            listening: Vec::new(),
            choked: None,
            seen: Arc::clone(&seen),
            answered: 0,
            notes: Vec::new(),
        };
        std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(device.live(received));
        });
        Self { orders, seen, imei }
    }

    /// Lets something happen to it.
    pub fn disturb(&self, disturbance: Disturbance) {
        self.orders.send(Order::Disturb(disturbance)).unwrap();
    }

    /// Lets it take no packets of the host: they wait in the host's queue.
    pub fn choke(&self, on: bool) {
        self.orders.send(Order::Choke(on)).unwrap();
    }

    /// Pulls it.
    pub fn pull(&self) {
        self.disturb(Disturbance::Unplug);
    }

    /// Puts it into a port, from 0.
    pub fn plug(&self, port: u8) {
        self.orders.send(Order::Port(port)).unwrap();
        self.disturb(Disturbance::Plug);
    }

    /// Its supply follows a file from now on: it has power while the file says so.
    pub fn feed(&self, file: PathBuf, has_power: &'static str) {
        let orders = self.orders.clone();
        std::thread::spawn(move || {
            let mut before = None;
            while !orders.is_closed() {
                // Not readable: nothing is known.
                let says = fs::read_to_string(&file).ok().map(|text| text.trim() == has_power);
                if let Some(on) = says.filter(|on| before != Some(*on)) {
                    before = says;
                    drop(orders.send(Order::Power(if on { Power::On } else { Power::Off })));
                }
                std::thread::park_timeout(SUPPLY);
            }
        });
    }

    /// Looks at it until something can be seen.
    pub fn until<T>(&self, what: &str, look: impl Fn(&Seen) -> Option<T>) -> T {
        until(what, || {
            let seen = self.seen.lock().unwrap();
            let seen = seen.as_ref().ok_or("it has not begun")?;
            look(seen).ok_or_else(|| format!("{seen:#?}"))
        })
    }
}

/// The device, as its own thread has it.
struct Device {
    board: Switchboard,
    identity: Identity,
    port: u8,
    clock: Clock,
    cable: Option<Cable>,
    /// Answers that the host has not fetched.
    answers: VecDeque<Vec<u8>>,
    /// How many of them it has not been told of.
    notices: usize,
    /// Packets for the host.
    packets: VecDeque<Vec<u8>>,
    /// Transfers that wait for something to send.
    listening: Vec<Transfer>,
    /// Packets of the host that are not taken; `None`: they all are.
    choked: Option<Vec<Transfer>>,
    seen: Arc<Mutex<Option<Seen>>>,
    answered: u32,
    notes: Vec<(Instant, Witness)>,
}

/// The cable, and what has arrived of a request.
struct Cable {
    stream: tokio::net::UnixStream,
    received: Vec<u8>,
}

impl Cable {
    /// The next whole request; `None`: the controller hung up. Safe to be dropped and called again.
    async fn next(&mut self) -> Option<Ask> {
        loop {
            if let Some(ask) = usb::take(&mut self.received) {
                return Some(ask);
            }
            self.stream.readable().await.ok()?;
            match self.stream.try_read_buf(&mut self.received) {
                Ok(0) => return None,
                Err(why) if why.kind() != std::io::ErrorKind::WouldBlock => return None,
                _ => {}
            }
        }
    }

    async fn send(&mut self, mut answer: &[u8]) {
        while !answer.is_empty() {
            match self.stream.try_write(answer) {
                Ok(written) => answer = &answer[written..],
                Err(why) if why.kind() == std::io::ErrorKind::WouldBlock => self.stream.writable().await.unwrap(),
                // The controller hung up; the next read says so.
                Err(_) => return,
            }
        }
    }
}

impl Device {
    async fn live(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        loop {
            self.board.handle_timeout(self.clock.now());
            while let Some(output) = self.board.poll_output() {
                self.obey(output);
            }
            self.serve().await;
            self.show();
            let due = self.board.poll_timeout().map_or(Instant::FAR, |(at, _)| at);
            let asked = async {
                match &mut self.cable {
                    Some(cable) => cable.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(Order::Disturb(what)) => self.board.disturb(&what, self.clock.now()),
                    Some(Order::Power(power)) => self.board.power(power, self.clock.now()),
                    Some(Order::Port(port)) => self.port = port,
                    Some(Order::Choke(true)) => self.choked = Some(Vec::new()),
                    Some(Order::Choke(false)) => {
                        for transfer in self.choked.take().unwrap_or_default() {
                            self.answer(Ask::Submit(transfer)).await;
                        }
                    }
                    None => return,
                },
                ask = asked => match ask {
                    Some(ask) => self.answer(ask).await,
                    None => self.cable = None,
                },
                () = self.clock.reach(due) => {}
            }
        }
    }

    fn obey(&mut self, output: BoardOutput) {
        match output {
            BoardOutput::Appeared { .. } => {
                self.board.connect(HOST);
                self.cable = Some(attach(self.port));
            }
            BoardOutput::Vanished => {
                self.cable = None;
                self.answers.clear();
                self.notices = 0;
                self.packets.clear();
                self.listening.clear();
            }
            BoardOutput::Bytes(HOST, answer) => {
                self.answers.push_back(answer);
                self.notices += 1;
            }
            BoardOutput::Bytes(..) | BoardOutput::HungUp(_) | BoardOutput::Carrier(_) => {}
        }
    }

    async fn answer(&mut self, ask: Ask) {
        let answer = match ask {
            Ask::Unlink { number, transfer } => {
                let lists = [Some(&mut self.listening), self.choked.as_mut()];
                let in_time = lists.into_iter().flatten().any(|list| {
                    let waiting = list.iter().position(|one| one.number == transfer);
                    waiting.map(|at| list.remove(at)).is_some()
                });
                usb::unlinked(number, in_time)
            }
            Ask::Submit(transfer) if transfer.endpoint == 0 => match self.control(transfer.setup, &transfer.data) {
                Some(data) => usb::done(&transfer, 0, &data),
                None => usb::done(&transfer, STALL, &[]),
            },
            Ask::Submit(transfer) if transfer.inwards => return self.listening.push(transfer),
            Ask::Submit(transfer) if transfer.endpoint == TO_DEVICE && self.choked.is_some() => {
                return self.choked.iter_mut().for_each(|list| list.push(transfer.clone()));
            }
            Ask::Submit(transfer) => {
                if transfer.endpoint == TO_DEVICE {
                    self.carry(&transfer.data);
                }
                usb::done(&transfer, 0, &[])
            }
        };
        if let Some(cable) = &mut self.cable {
            cable.send(&answer).await;
        }
    }

    /// A request to endpoint 0: what is sent back, `None` if it is not known.
    fn control(&mut self, setup: Setup, data: &[u8]) -> Option<Vec<u8>> {
        let [index, kind] = setup.value.to_le_bytes();
        match (setup.kind, setup.request) {
            // GET_DESCRIPTOR; GET_STATUS of device, interface, endpoint.
            (0x80, 6) => self.identity.descriptor(kind, index),
            (0x80..=0x82, 0) => Some(vec![0, 0]),
            // SET_CONFIGURATION, SET_INTERFACE, CLEAR_FEATURE, SET_FEATURE; SET_CONTROL_LINE_STATE.
            (0x00, 9) | (0x01, 11) | (0x00..=0x02, 1 | 3) | (0x21, 0x22) => Some(Vec::new()),
            // SEND_ENCAPSULATED_COMMAND and GET_ENCAPSULATED_RESPONSE (USB CDC 1.2 clause 6.2).
            (0x21, 0x00) => {
                self.board.bytes(HOST, data, self.clock.now());
                Some(Vec::new())
            }
            (0xa1, 0x01) => Some(self.answers.pop_front().unwrap_or_default()),
            _ => None,
        }
    }

    /// A packet of the host.
    fn carry(&mut self, sent: &[u8]) {
        let modem = self.board.modem();
        if let Some(answer) = carrier::answer(sent, modem.frames_ethernet(), modem.carried()) {
            self.answered += 1;
            if self.packets.len() < WAITING {
                self.packets.push_back(answer);
            }
        }
    }

    /// Sends what there is to those who wait for it.
    async fn serve(&mut self) {
        loop {
            let ready = self.listening.iter().position(|transfer| match transfer.endpoint {
                NOTIFY => self.notices > 0,
                FROM_DEVICE => !self.packets.is_empty(),
                _ => false,
            });
            let Some(transfer) = ready.map(|at| self.listening.remove(at)) else { return };
            let data = if transfer.endpoint == NOTIFY {
                self.notices -= 1;
                // RESPONSE_AVAILABLE (USB CDC 1.2 clause 6.3).
                vec![0xa1, 1, 0, 0, self.identity.interface, 0, 0, 0]
            } else {
                self.packets.pop_front().unwrap_or_default()
            };
            if let Some(cable) = &mut self.cable {
                cable.send(&usb::done(&transfer, 0, &data)).await;
            }
        }
    }

    /// Shows how things are now to whoever looks.
    fn show(&mut self) {
        while let Some(note) = self.board.poll_witness() {
            self.notes.push(note);
        }
        let modem = self.board.modem();
        *self.seen.lock().unwrap() = Some(Seen {
            truth: modem.truth(),
            addresses: modem.addresses(),
            answered: self.answered,
            notes: self.notes.clone(),
        });
    }
}

/// Plugs a cable into a port of the controller. A device that was pulled from it a moment ago may still be on its way
/// out.
fn attach(port: u8) -> Cable {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let order = format!("{port} {} {} {HIGH_SPEED}", theirs.as_raw_fd(), port + 1);
    until("a free port of the controller", || fs::write(ATTACH, &order).map_err(|why| why.to_string()));
    ours.set_nonblocking(true).unwrap();
    Cable { stream: tokio::net::UnixStream::from_std(ours).unwrap(), received: Vec::new() }
}
