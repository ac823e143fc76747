//! DSD, service 42: which radio system carries data.

use super::kinds::{wire_enum, wire_mask, wire_struct};
use super::table::service;
use super::wire::{Count8, Len8};

service! { Dsd;
    /// The systems that could carry data now, the preferred one first.
    0x0024 get_system_status {
        request {}
        response {
            0x10 systems: Vec<System> as Count8,
        }
    }

    /// Asks for the indication below.
    0x0025 system_status_change {
        request {
            0x11 report: bool,
        }
        response {}
    }

    /// The systems have changed.
    0x0026 system_status {
        indication {
            0x10 systems: Vec<System> as Count8,
        }
    }

    /// The APN the modem would use for a purpose.
    0x0033 get_apn_info {
        request {
            0x01 purpose: ApnPurpose,
        }
        response {
            0x10 apn: String,
        }
    }

    /// What an APN may be used for.
    0x0051 set_apn_type {
        request {
            0x01 apn: ApnType,
            0x10 preference_mask: ApnPurposes,
        }
        response {}
    }
}

wire_struct! {
    /// A system that could carry data.
    System {
        network: NetworkType,
        technology: Technology,
        service_options: ServiceOptions,
    }
}

wire_struct! {
    /// An APN and what it is for.
    ApnType {
        name: String as Len8,
        purposes: ApnPurposes,
    }
}

wire_enum! {
    /// The family of standards.
    NetworkType: u32 {
        ThreeGpp = 0,
        ThreeGpp2 = 1,
        Wlan = 2,
    }
}

wire_enum! {
    /// A radio access technology; numbered unlike those of NAS and WDS.
    Technology: u32 {
        Unspecified = 0x00,
        Wcdma = 0x01,
        Geran = 0x02,
        Lte = 0x03,
        TdScdma = 0x04,
        Wlan3gpp = 0x05,
        Nr5g = 0x06,
        Cdma1x = 0x65,
        Hrpd = 0x66,
        Ehrpd = 0x67,
        Wlan3gpp2 = 0x68,
    }
}

wire_mask! {
    /// Refinements of the technology, such as carrier aggregation; no bit is named here.
    ServiceOptions: u64 {}
}

wire_enum! {
    /// What an APN is for.
    ApnPurpose: u32 {
        Default = 0,
        Ims = 1,
        Mms = 2,
        Dun = 3,
        Supl = 4,
        Hipri = 5,
        Fota = 6,
        Cbs = 7,
        InitialAttach = 8,
        Emergency = 9,
    }
}

wire_mask! {
    /// What an APN may be used for; bits in the order of [`ApnPurpose`].
    ApnPurposes: u64 {
        DEFAULT = 0x001,
        IMS = 0x002,
        MMS = 0x004,
        DUN = 0x008,
        SUPL = 0x010,
        HIPRI = 0x020,
        FOTA = 0x040,
        CBS = 0x080,
        INITIAL_ATTACH = 0x100,
        EMERGENCY = 0x200,
    }
}
