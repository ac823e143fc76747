//! USB/IP as the kernel's virtual host controller speaks it (Documentation/usb/usbip_protocol): what it asks of a device
//! and what a device answers. Big-endian, 48 octets of head, data behind it.

/// Length of every head.
const HEAD: usize = 48;

const CMD_SUBMIT: u32 = 1;
const CMD_UNLINK: u32 = 2;
const RET_SUBMIT: u32 = 3;
const RET_UNLINK: u32 = 4;

/// Status of an unknown request: the endpoint stalls.
pub const STALL: i32 = -32;
/// Status of a transfer that was taken back in time.
const TAKEN_BACK: i32 = -104;

/// What the host controller asks.
#[derive(Debug)]
pub enum Ask {
    /// A transfer.
    Submit(Transfer),
    /// A transfer is taken back.
    Unlink {
        /// Number of this request.
        number: u32,
        /// Number of the transfer.
        transfer: u32,
    },
}

/// A transfer.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Its number.
    pub number: u32,
    /// The device is to send.
    pub inwards: bool,
    /// Endpoint number, without the direction.
    pub endpoint: u32,
    /// How much fits.
    pub room: usize,
    /// The request, on endpoint 0.
    pub setup: Setup,
    /// What the host sends.
    pub data: Vec<u8>,
}

/// A control request (USB 2.0 clause 9.3).
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub kind: u8,
    pub request: u8,
    pub value: u16,
}

/// Takes one whole request from the front of what was received.
pub fn take(received: &mut Vec<u8>) -> Option<Ask> {
    let word = |at: usize| Some(u32::from_be_bytes(received.get(at..at + 4)?.try_into().ok()?));
    let [command, number, _, inwards, endpoint] = [word(0)?, word(4)?, word(8)?, word(12)?, word(16)?];
    let (victim, room) = (word(20)?, word(24)? as usize);
    let setup: [u8; 8] = received.get(40..HEAD)?.try_into().ok()?;
    let sent = if command == CMD_SUBMIT && inwards == 0 { room } else { 0 };
    let data = received.get(HEAD..HEAD + sent)?.to_vec();
    received.drain(..HEAD + sent);
    match command {
        CMD_SUBMIT => {
            let setup = Setup { kind: setup[0], request: setup[1], value: u16::from_le_bytes([setup[2], setup[3]]) };
            Some(Ask::Submit(Transfer { number, inwards: inwards == 1, endpoint, room, setup, data }))
        }
        CMD_UNLINK => Some(Ask::Unlink { number, transfer: victim }),
        other => panic!("the host controller sends {other}"),
    }
}

/// A transfer is done: what is sent to the host, or how much was taken from it.
pub fn done(transfer: &Transfer, status: i32, data: &[u8]) -> Vec<u8> {
    let data = &data[..data.len().min(transfer.room)];
    let moved = if transfer.inwards { data.len() } else { transfer.data.len() };
    let mut answer = head(RET_SUBMIT, transfer.number, status);
    answer[24..28].copy_from_slice(&u32::try_from(moved).unwrap().to_be_bytes());
    if transfer.inwards {
        answer.extend(data);
    }
    answer
}

/// A transfer was taken back, or was done before.
pub fn unlinked(number: u32, in_time: bool) -> Vec<u8> {
    head(RET_UNLINK, number, if in_time { TAKEN_BACK } else { 0 })
}

fn head(command: u32, number: u32, status: i32) -> Vec<u8> {
    let mut head = vec![0; HEAD];
    head[0..4].copy_from_slice(&command.to_be_bytes());
    head[4..8].copy_from_slice(&number.to_be_bytes());
    head[20..24].copy_from_slice(&status.to_be_bytes());
    head
}

/// Who the device says it is.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    pub vendor: u16,
    pub product: u16,
    /// The interface that the driver looks for.
    pub interface: u8,
}

/// Quectel EC25: its QMI interface is the fifth.
pub const EC25: Identity = Identity { vendor: 0x2c7c, product: 0x0125, interface: 4 };
/// Sierra Wireless MC7455.
pub const MC7455: Identity = Identity { vendor: 0x1199, product: 0x9071, interface: 8 };
/// Sierra Wireless EM7565 in its boot loader.
pub const BOOTLOADER: Identity = Identity { vendor: 0x1199, product: 0x9090, interface: 0 };

/// Endpoints, as numbers without direction.
pub const NOTIFY: u32 = 1;
pub const FROM_DEVICE: u32 = 2;
pub const TO_DEVICE: u32 = 3;

impl Identity {
    /// A descriptor (USB 2.0 clause 9.6) by kind and index; `None`: it has none such.
    pub fn descriptor(&self, kind: u8, index: u8) -> Option<Vec<u8>> {
        match (kind, index) {
            (1, 0) => {
                let mut device = vec![18, 1, 0x00, 0x02, 0, 0, 0, 64];
                device.extend(self.vendor.to_le_bytes());
                device.extend(self.product.to_le_bytes());
                device.extend([0x18, 0x03, 1, 2, 0, 1]);
                Some(device)
            }
            (2, 0) => {
                // The driver wants all three endpoints: it refuses an interface with two.
                let mut all = vec![9, 4, self.interface, 0, 3, 0xff, 0xff, 0xff, 0];
                all.extend([7, 5, 0x80 | NOTIFY as u8, 3, 8, 0, 9]);
                all.extend([7, 5, 0x80 | FROM_DEVICE as u8, 2, 0x00, 0x02, 0]);
                all.extend([7, 5, TO_DEVICE as u8, 2, 0x00, 0x02, 0]);
                let mut configuration = vec![9, 2];
                configuration.extend((9 + all.len() as u16).to_le_bytes());
                configuration.extend([1, 1, 0, 0xa0, 250]);
                configuration.extend(all);
                Some(configuration)
            }
            (3, 0) => Some(vec![4, 3, 0x09, 0x04]),
            (3, 1) => Some(text("wwan tests")),
            (3, 2) => Some(text("emulated modem")),
            _ => None,
        }
    }
}

fn text(words: &str) -> Vec<u8> {
    let letters: Vec<u8> = words.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [vec![u8::try_from(letters.len() + 2).unwrap(), 3], letters].concat()
}
