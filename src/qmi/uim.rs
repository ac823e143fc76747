//! UIM, service 11: the SIM card. Its state, its PINs, its files, its slots.

mod card;
mod files;
mod types;

pub use card::*;
pub use files::*;
pub use types::*;

use super::table::service;
use super::wire::{Count8, Count16};

service! { Uim;
    /// Drops what this client registered.
    0x0000 reset {
        request {}
        response {}
    }

    /// Reads a transparent file such as the ICCID.
    0x0020 read_transparent {
        request {
            0x01 session: Session,
            0x02 file: File,
            0x03 read: ReadRange,
            /// Answer in an indication that carries this token.
            0x10 indication_token: u32,
            0x11 encrypt: bool,
        }
        response {
            0x10 card_result: CardResult,
            0x11 data: Vec<u8> as Count16,
            0x12 indication_token: u32,
            0x13 encrypted: bool,
        }
    }

    /// Reads records of a linear or cyclic file.
    0x0021 read_record {
        request {
            0x01 session: Session,
            0x02 file: File,
            0x03 record: Record,
            0x10 last_record: u16,
            /// Answer in an indication that carries this token.
            0x11 indication_token: u32,
        }
        response {
            0x10 card_result: CardResult,
            0x11 data: Vec<u8> as Count16,
            0x12 additional_data: Vec<u8> as Count16,
            0x13 indication_token: u32,
        }
    }

    /// Writes a part of a transparent file such as the list of forbidden networks.
    0x0022 write_transparent {
        request {
            0x01 session: Session,
            0x02 file: File,
            0x03 write: WriteRange,
            /// Answer in an indication that carries this token.
            0x10 indication_token: u32,
        }
        response {
            0x10 card_result: CardResult,
            0x11 indication_token: u32,
        }
    }

    /// Size, kind and access conditions of a file.
    0x0024 get_file_attributes {
        request {
            0x01 session: Session,
            0x02 file: File,
            /// Answer in an indication that carries this token.
            0x10 indication_token: u32,
        }
        response {
            0x10 card_result: CardResult,
            0x11 attributes: FileAttributes,
            0x12 indication_token: u32,
        }
    }

    /// Whether the card asks for its PIN.
    0x0025 set_pin_protection {
        request {
            0x01 session: Session,
            0x02 pin: PinProtection,
            0x11 indication_token: u32,
        }
        response {
            0x10 retries: Retries,
            0x12 indication_token: u32,
        }
    }

    /// Enters a PIN. A wrong one is refused with the retries that are left: never try it again.
    0x0026 verify_pin {
        request {
            0x01 session: Session,
            0x02 pin: PinEntry,
            0x12 indication_token: u32,
        }
        response {
            0x10 retries: Retries,
            0x12 indication_token: u32,
            0x13 card_result: CardResult,
        }
    }

    /// Enters a PUK and a new PIN.
    0x0027 unblock_pin {
        request {
            0x01 session: Session,
            0x02 pin: PinUnblock,
            0x11 indication_token: u32,
        }
        response {
            0x10 retries: Retries,
            0x12 indication_token: u32,
            0x13 card_result: CardResult,
        }
    }

    /// Replaces a PIN.
    0x0028 change_pin {
        request {
            0x01 session: Session,
            0x02 pin: PinChange,
            0x11 indication_token: u32,
        }
        response {
            0x10 retries: Retries,
            0x12 indication_token: u32,
            0x13 card_result: CardResult,
        }
    }

    /// Lifts a lock of the device to a network or provider.
    0x0029 depersonalization {
        request {
            0x01 key: Depersonalization,
            0x10 slot: u8,
        }
        response {
            0x10 retries: Retries,
        }
    }

    /// Asks to be told when the card wants these files read again.
    0x002A refresh_register {
        request {
            0x01 session: Session,
            0x02 files: RefreshFiles,
        }
        response {}
    }

    /// Says that a refresh has been dealt with.
    0x002C refresh_complete {
        request {
            0x01 session: Session,
            0x02 success: bool,
        }
        response {}
    }

    /// Asks for indications. The answer has the mask the modem accepted, perhaps a smaller one.
    0x002E register_events {
        request {
            0x01 mask: Events,
        }
        response {
            0x10 mask: Events,
        }
    }

    /// Every card with its applications and PINs. Empty soon after power-on: that is "not yet", not "no card".
    0x002F get_card_status {
        request {}
        response {
            0x10 status: CardStatus,
        }
    }

    /// Takes the power off a card.
    0x0030 power_off_sim {
        request {
            0x01 slot: u8,
        }
        response {}
    }

    /// Gives it back.
    0x0031 power_on_sim {
        request {
            0x01 slot: u8,
        }
        response {}
    }

    /// A card has changed its state.
    0x0032 card_status {
        indication {
            0x10 status: CardStatus,
        }
    }

    /// The card wants files read again, or itself reset.
    0x0033 refresh {
        indication {
            0x10 event: RefreshEvent,
        }
    }

    /// Makes an application the one that a provisioning session uses.
    0x0038 change_provisioning_session {
        request {
            0x01 change: SessionChange,
            0x10 application: Application,
        }
        response {}
    }

    /// What the SIM subsystem is set to, and the locks of the device.
    0x003A get_configuration {
        request {
            0x10 mask: Configuration,
        }
        response {
            0x10 automatic_selection: bool,
            0x11 locks: Vec<Lock> as Count8,
            0x12 halt_subscription: bool,
            /// One list per further slot.
            0x13 other_locks: Vec<Vec<Lock>> as Count8<Count8>,
        }
    }

    /// Asks to be told when the card wants any file read again.
    0x0044 refresh_register_all {
        request {
            0x01 session: Session,
            0x02 register: bool,
        }
        response {}
    }

    /// Connects a physical slot to a logical one. Client ids may go stale.
    0x0046 switch_slot {
        request {
            0x01 logical_slot: u8,
            0x02 physical_slot: u32,
        }
        response {}
    }

    /// The physical slots and what is in them.
    0x0047 get_slot_status {
        request {}
        response {
            0x10 slots: Vec<Slot> as Count8,
            0x11 information: Vec<SlotInformation> as Count8,
            /// One EID per slot, empty where there is no eUICC.
            0x12 eids: Vec<Vec<u8>> as Count8<Count8>,
        }
    }

    /// A slot has changed.
    0x0048 slot_status {
        indication {
            0x10 slots: Vec<Slot> as Count8,
            0x11 information: Vec<SlotInformation> as Count8,
            0x12 eids: Vec<Vec<u8>> as Count8<Count8>,
        }
    }
}
