//! NAS, the part about being registered: serving system, home network, reports to ask for.

use super::types::*;
use crate::qmi::kinds::{wire_enum, wire_struct};
use crate::qmi::plmn::ExactPlmn;
use crate::qmi::table::service;
use crate::qmi::wire::Count8;

service! { Nas;
    /// Drops what this client registered.
    0x0000 reset {
        request {}
        response {}
    }

    /// Breaks off a slow request, which then answers "aborted".
    0x0001 abort {
        request {
            0x01 transaction: u16,
        }
        response {}
    }

    /// Asks for indications. Most are off for a new client.
    0x0003 register_indications {
        request {
            0x10 system_selection_preference: bool,
            0x12 ddtm_events: bool,
            0x13 serving_system: bool,
            0x14 dual_standby_preference: bool,
            0x15 subscription_info: bool,
            0x17 network_time: bool,
            0x18 system_info: bool,
            0x19 signal_info: bool,
            0x1A error_rate: bool,
            0x1D managed_roaming: bool,
            0x1E current_plmn_name: bool,
            0x20 rf_band_information: bool,
            0x21 network_reject: NetworkRejectReport,
        }
        response {}
    }

    /// Attaches to the packet domain or detaches from it.
    0x0023 attach_detach {
        request {
            0x10 action: PsAction,
        }
        response {}
    }

    /// The network we are registered with. From 0x1C up the ids differ from those of the indication.
    0x0024 get_serving_system {
        request {}
        response {
            0x01 serving_system: ServingSystem,
            0x10 roaming: RoamingIndicator,
            0x11 data_capabilities: Vec<DataCapability> as Count8,
            0x12 current_plmn: NamedPlmn,
            0x15 roaming_list: Vec<RadioRoaming> as Count8,
            0x16 default_roaming: RoamingIndicator,
            /// Quarter hours east of UTC, daylight saving included.
            0x1A time_zone: i8,
            /// Hours.
            0x1B daylight_saving: u8,
            0x1C lac: u16,
            0x1D cid: u32,
            0x20 dtm_support: bool,
            0x21 detailed_status: DetailedStatus,
            0x24 lte_tac: u16,
            0x25 call_barring: CallBarringStatus,
            0x26 umts_psc: u16,
            0x27 plmn_digits: ExactPlmn,
            0x29 name_source: NameSource,
        }
    }

    /// Something about our registration has changed. What is absent has not.
    0x0024 serving_system {
        indication {
            0x01 serving_system: ServingSystem,
            0x10 roaming: RoamingIndicator,
            0x11 data_capabilities: Vec<DataCapability> as Count8,
            0x12 current_plmn: NamedPlmn,
            0x15 roaming_list: Vec<RadioRoaming> as Count8,
            0x16 default_roaming: RoamingIndicator,
            0x19 plmn_name_flag: bool,
            /// Quarter hours east of UTC, daylight saving included.
            0x1A time_zone: i8,
            /// Hours.
            0x1B daylight_saving: u8,
            0x1C universal_time: UniversalTime,
            0x1D lac: u16,
            0x1E cid: u32,
            0x21 dtm_support: bool,
            0x22 detailed_status: DetailedStatus,
            0x25 lte_tac: u16,
            0x26 call_barring: CallBarringStatus,
            0x27 plmn_not_changed: bool,
            0x28 umts_psc: u16,
            0x29 plmn_digits: ExactPlmn,
            0x2B name_source: NameSource,
        }
    }

    /// The network of the subscription.
    0x0025 get_home_network {
        request {}
        response {
            0x01 home_network: NamedPlmn,
            0x10 cdma_system: CdmaSystem,
            0x12 mnc_digits: HomeMncDigits,
            0x13 name_source: NameSource,
        }
    }

    /// The network refused to register us.
    0x0068 network_reject {
        indication {
            0x01 radio_interface: RadioInterface,
            0x02 domain: ServiceDomain,
            0x03 cause: RejectCause,
            0x10 plmn: ExactPlmn,
            0x11 closed_subscriber_group: u32,
        }
    }
}

wire_struct! {
    /// Whether to report refusals of the network.
    NetworkRejectReport {
        report: bool,
        suppress_system_info: bool,
    }
}

wire_struct! {
    /// Registration in short.
    ServingSystem {
        registration: RegistrationState,
        cs_attach: AttachState,
        ps_attach: AttachState,
        network: NetworkType,
        radio_interfaces: Vec<RadioInterface> as Count8,
    }
}

wire_struct! {
    /// Roaming by radio interface.
    RadioRoaming {
        radio_interface: RadioInterface,
        roaming: RoamingIndicator,
    }
}

wire_struct! {
    /// Registration in detail.
    DetailedStatus {
        status: ServiceStatus,
        capability: ServiceDomain,
        hdr_status: ServiceStatus,
        hdr_hybrid: bool,
        forbidden: bool,
    }
}

wire_struct! {
    /// The network's time in UTC.
    UniversalTime {
        year: u16,
        month: u8,
        day: u8,
        hour: u8,
        minute: u8,
        second: u8,
        /// Quarter hours.
        time_zone: u8,
    }
}

wire_struct! {
    /// A CDMA system.
    CdmaSystem {
        sid: u16,
        nid: u16,
    }
}

wire_struct! {
    /// Whether the home network's MNC has three digits.
    HomeMncDigits {
        is_3gpp: bool,
        three_digits: bool,
    }
}

wire_enum! {
    /// Registration.
    RegistrationState: u8 {
        NotRegistered = 0,
        Registered = 1,
        NotRegisteredSearching = 2,
        RegistrationDenied = 3,
        Unspecified = 4,
    }
}

wire_enum! {
    /// Attachment to a domain.
    AttachState: u8 {
        Unspecified = 0,
        Attached = 1,
        Detached = 2,
    }
}

wire_enum! {
    /// The family of standards.
    NetworkType: u8 {
        Unspecified = 0,
        ThreeGpp2 = 1,
        ThreeGpp = 2,
    }
}

wire_enum! {
    /// Roaming as Serving System has it, the other way round than [`RoamingStatus`](super::RoamingStatus) of System
    /// Info.
    RoamingIndicator: u8 {
        Roaming = 0,
        Home = 1,
    }
}

wire_enum! {
    /// What the serving cell can do for data.
    DataCapability: u8 {
        None = 0x00,
        Gprs = 0x01,
        Edge = 0x02,
        Hsdpa = 0x03,
        Hsupa = 0x04,
        Wcdma = 0x05,
        Cdma = 0x06,
        EvdoRev0 = 0x07,
        EvdoRevA = 0x08,
        Gsm = 0x09,
        EvdoRevB = 0x0A,
        Lte = 0x0B,
        HsdpaPlus = 0x0C,
        DcHsdpaPlus = 0x0D,
    }
}

wire_enum! {
    /// What to do with the packet domain.
    PsAction: u8 {
        Attach = 1,
        Detach = 2,
    }
}
