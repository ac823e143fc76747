//! DMS, service 2: the device itself. Identity, operating mode, and on old modems the SIM.

mod types;

pub use types::*;

use super::bands::LteBands;
use super::table::service;
use super::wire::Count16;

service! { Dms;
    /// Drops what this client registered.
    0x0000 reset {
        request {}
        response {}
    }

    /// Asks for the indication below, item by item.
    0x0001 set_event_report {
        request {
            0x10 power_state: bool,
            0x11 battery_level: Limits,
            0x12 pin_state: bool,
            0x13 activation_state: bool,
            0x14 operating_mode: bool,
            0x15 uim_state: bool,
            0x16 wireless_disable_state: bool,
        }
        response {}
    }

    /// What has changed of the items asked for.
    0x0001 event_report {
        indication {
            0x10 power_state: PowerState,
            0x11 pin1: PinStatus,
            0x12 pin2: PinStatus,
            0x13 activation_state: ActivationState,
            0x14 operating_mode: OperatingMode,
            0x15 uim_state: UimState,
            0x16 wireless_disabled: bool,
        }
    }

    /// What the device can do.
    0x0020 get_capabilities {
        request {}
        response {
            0x01 capabilities: Capabilities,
        }
    }

    /// The maker's name.
    0x0021 get_manufacturer {
        request {}
        response {
            0x01 manufacturer: String,
        }
    }

    /// The model's name.
    0x0022 get_model {
        request {}
        response {
            0x01 model: String,
        }
    }

    /// The firmware's revision.
    0x0023 get_revision {
        request {}
        response {
            0x01 revision: String,
        }
    }

    /// The subscriber's number.
    0x0024 get_msisdn {
        request {}
        response {
            0x01 msisdn: String,
        }
    }

    /// Serial numbers. One the device has not may be absent, empty or "0".
    0x0025 get_ids {
        request {}
        response {
            0x10 esn: String,
            0x11 imei: String,
            0x12 meid: String,
            0x13 imei_software_version: String,
        }
    }

    /// Whether the card asks for its PIN. For modems without UIM.
    0x0027 uim_set_pin_protection {
        request {
            0x01 pin: PinProtection,
        }
        response {
            0x10 retries: Retries,
        }
    }

    /// Enters a PIN. A wrong one is refused with the retries that are left.
    0x0028 uim_verify_pin {
        request {
            0x01 pin: PinEntry,
        }
        response {
            0x10 retries: Retries,
        }
    }

    /// Enters a PUK and a new PIN.
    0x0029 uim_unblock_pin {
        request {
            0x01 pin: PinUnblock,
        }
        response {
            0x10 retries: Retries,
        }
    }

    /// Replaces a PIN.
    0x002A uim_change_pin {
        request {
            0x01 pin: PinChange,
        }
        response {
            0x10 retries: Retries,
        }
    }

    /// Whether PINs are asked for, verified or blocked.
    0x002B uim_get_pin_status {
        request {}
        response {
            0x11 pin1: PinStatus,
            0x12 pin2: PinStatus,
        }
    }

    /// The hardware's revision.
    0x002C get_hardware_revision {
        request {}
        response {
            0x01 revision: String,
        }
    }

    /// On, off, or something between.
    0x002D get_operating_mode {
        request {}
        response {
            0x01 mode: OperatingMode,
            0x10 offline_reason: OfflineReason,
            /// A switch or pin of the hardware keeps the radio off.
            0x11 hardware_restricted: bool,
        }
    }

    /// Turns the radio on or off. `Reset` is granted only from `Offline`, and from there nothing else.
    0x002E set_operating_mode {
        request {
            0x01 mode: OperatingMode,
        }
        response {}
    }

    /// The device's clocks.
    0x002F get_time {
        request {}
        response {
            0x01 device_time: DeviceTime,
            /// Milliseconds since 6 January 1980.
            0x10 system_time_ms: u64,
            /// Milliseconds since 6 January 1980, in the user's time zone.
            0x11 user_time_ms: u64,
        }
    }

    /// Back to what the factory set.
    0x003A restore_factory_defaults {
        request {
            /// The service programming code, six ASCII digits.
            0x01 code: [u8; 6],
        }
        response {}
    }

    /// The card's serial number in ASCII digits. Newer modems refuse; UIM reads it from the card.
    0x003C uim_get_iccid {
        request {}
        response {
            0x01 iccid: String,
        }
    }

    /// Whether the device is locked to a network or provider.
    0x0040 uim_get_ck_status {
        request {
            0x01 facility: Facility,
        }
        response {
            0x01 status: FacilityStatus,
            0x10 blocks_operation: bool,
        }
    }

    /// The subscriber's identity in ASCII digits. Newer modems refuse; UIM reads it from the card.
    0x0043 uim_get_imsi {
        request {}
        response {
            0x01 imsi: String,
        }
    }

    /// Whether there is a usable card. For modems without UIM.
    0x0044 uim_get_state {
        request {}
        response {
            0x01 state: UimState,
        }
    }

    /// The bands the hardware has.
    0x0045 get_band_capabilities {
        request {}
        response {
            /// GSM, WCDMA and CDMA bands, bits as in [`nas::BandPreference`](crate::qmi::nas::BandPreference).
            0x01 bands: u64,
            0x10 lte_bands: LteBands,
            /// Band numbers.
            0x12 extended_lte_bands: Vec<u16> as Count16,
            /// Band numbers.
            0x13 nr5g_bands: Vec<u16> as Count16,
        }
    }

    /// The software's version.
    0x0051 get_software_version {
        request {}
        response {
            0x01 version: String,
        }
    }

    /// Unlocks the radio of laptop modules that start locked.
    0x555F set_fcc_authentication {
        request {}
        response {}
    }

    /// The same for Foxconn modules.
    0x5571 foxconn_set_fcc_authentication_v2 {
        request {
            0x01 magic: String,
            0x02 number: u8,
        }
        response {}
    }
}
