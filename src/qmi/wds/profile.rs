//! WDS, the part about stored profiles: APN, addresses, authentication; which of them LTE attaches with.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::types::*;
use crate::qmi::Secret;
use crate::qmi::kinds::{wire_enum, wire_mask, wire_struct};
use crate::qmi::table::{service, tlv_set};
use crate::qmi::wire::{Count8, Len8};

service! { Wds;
    /// Stores a new profile.
    0x0027 create_profile {
        request {
            0x01 kind: ProfileType,
            ..profile: Profile,
        }
        response {
            0x01 id: ProfileId,
            0xE0 profile_error: ProfileError,
        }
    }

    /// Changes the given settings of a profile and leaves the others.
    0x0028 modify_profile {
        request {
            0x01 id: ProfileId,
            ..profile: Profile,
        }
        response {
            /// Present: nothing has changed, whatever the Result says.
            0xE0 profile_error: ProfileError,
        }
    }

    /// Removes a profile.
    0x0029 delete_profile {
        request {
            0x01 id: ProfileId,
        }
        response {
            0xE0 profile_error: ProfileError,
        }
    }

    /// Numbers and names of the profiles; what is in them takes Get Profile Settings each.
    0x002A get_profile_list {
        request {
            0x10 kind: ProfileType,
        }
        response {
            0x01 profiles: Vec<ListedProfile> as Count8,
            0xE0 profile_error: ProfileError,
        }
    }

    /// The settings of a profile.
    0x002B get_profile_settings {
        request {
            0x01 id: ProfileId,
        }
        response {
            0xE0 profile_error: ProfileError,
            ..profile: Profile,
        }
    }

    /// The settings a new profile has.
    0x002C get_default_settings {
        request {
            0x01 kind: ProfileType,
        }
        response {
            0xE0 profile_error: ProfileError,
            ..profile: Profile,
        }
    }

    /// The profile that is used when none is named.
    0x0049 get_default_profile_number {
        request {
            0x01 family: DefaultFamily,
        }
        response {
            0x01 index: u8,
            0xE0 profile_error: ProfileError,
        }
    }

    /// Makes a profile the one that is used when none is named.
    0x004A set_default_profile_number {
        request {
            0x01 default: DefaultProfile,
        }
        response {
            0xE0 profile_error: ProfileError,
        }
    }

    /// Gives a profile the settings a new one has.
    0x004B reset_profile_to_default {
        request {
            0x01 id: ProfileId,
        }
        response {
            0xE0 profile_error: ProfileError,
        }
    }

    /// What LTE attached with.
    0x0085 get_lte_attach_parameters {
        request {}
        response {
            0x10 apn: String,
            0x11 ip_support: IpSupport,
            0x12 attached: bool,
        }
    }

    /// How many profiles LTE may attach with.
    0x0092 get_max_lte_attach_pdn_number {
        request {}
        response {
            0x10 number: u8,
        }
    }

    /// Which profiles LTE attaches with. Accepted at once, done when the indication says so.
    0x0093 set_lte_attach_pdn_list {
        request {
            0x01 profiles: Vec<u16> as Count8,
            0x10 action: AttachListAction,
        }
        response {}
    }

    /// Whether the list is in force.
    0x0093 set_lte_attach_pdn_list_result {
        indication {
            /// 1 is success, other than in a Result TLV.
            0x01 succeeded: bool,
        }
    }

    /// Asks to be told of changes of these profiles; the list replaces the one before.
    0x00A7 configure_profile_event_list {
        request {
            0x10 profiles: Vec<ProfileId> as Count8,
        }
        response {}
    }

    /// A profile has changed.
    0x00A8 profile_changed {
        indication {
            0x10 event: ProfileEvent,
        }
    }

    /// Which profiles LTE attaches with.
    0x0094 get_lte_attach_pdn_list {
        request {}
        response {
            0x10 current: Vec<u16> as Count8,
            0x11 pending: Vec<u16> as Count8,
        }
    }
}

tlv_set! {
    /// The settings of a profile, as every message about profiles has them.
    Profile {
        0x10 name: String,
        0x11 pdp_type: PdpType,
        0x12 header_compression: HeaderCompression,
        0x13 data_compression: DataCompression,
        0x14 apn: String,
        0x15 primary_dns: Ipv4Addr,
        0x16 secondary_dns: Ipv4Addr,
        0x1B username: Secret,
        0x1C password: Secret,
        0x1D authentication: Authentication,
        0x1E ipv4_address: Ipv4Addr,
        0x1F pcscf_by_pco: bool,
        0x20 access_control: AccessControl,
        0x21 pcscf_by_dhcp: bool,
        0x25 context_number: u8,
        0x26 secondary: bool,
        0x27 primary_id: u8,
        0x28 ipv6_address: Ipv6Addr,
        0x2B ipv6_primary_dns: Ipv6Addr,
        0x2C ipv6_secondary_dns: Ipv6Addr,
        0x2D address_allocation: AddressAllocation,
        0x2F apn_disabled: bool,
        0x3E roaming_disallowed: bool,
        0xDD apn_types: ApnTypes,
        0xDE clat_enabled: bool,
        0xDF ipv6_prefix_delegation: bool,
    }
}

wire_struct! {
    /// A line of the list.
    ListedProfile {
        kind: ProfileType,
        index: u8,
        name: String as Len8,
    }
}

wire_struct! {
    /// What happened to a profile.
    ProfileEvent {
        kind: ProfileType,
        index: u8,
        change: ProfileChange,
    }
}

wire_enum! {
    /// How a profile changed.
    ProfileChange: u8 {
        Created = 1,
        Deleted = 2,
        Modified = 3,
        Subscription = 4,
    }
}

wire_struct! {
    /// Which default is meant.
    DefaultFamily {
        kind: ProfileType,
        family: ProfileFamily,
    }
}

wire_struct! {
    /// Which profile is to be the default for what.
    DefaultProfile {
        kind: ProfileType,
        family: ProfileFamily,
        index: u8,
    }
}

wire_enum! {
    /// For whom a default profile is.
    ProfileFamily: u8 {
        Embedded = 0,
        Tethered = 1,
    }
}

wire_enum! {
    /// Header compression.
    HeaderCompression: u8 {
        Off = 0,
        ManufacturerPreferred = 1,
        Rfc1144 = 2,
        Rfc2507 = 3,
        Rfc3095 = 4,
    }
}

wire_enum! {
    /// Data compression.
    DataCompression: u8 {
        Off = 0,
        ManufacturerPreferred = 1,
        V42bis = 2,
        V44 = 3,
    }
}

wire_enum! {
    /// Who may use a profile.
    AccessControl: u8 {
        None = 0,
        Reject = 1,
        Permission = 2,
    }
}

wire_enum! {
    /// Where the address comes from.
    AddressAllocation: u8 {
        Nas = 0,
        Dhcp = 1,
    }
}

wire_mask! {
    /// What an APN is for; no bit is named here.
    ApnTypes: u64 {}
}

wire_enum! {
    /// What LTE attached with.
    IpSupport: u8 {
        Ipv4 = 0,
        Ipv6 = 1,
        Ipv4v6 = 2,
    }
}

wire_enum! {
    /// What to do with the present attachment.
    AttachListAction: u32 {
        None = 1,
        DetachOrPdnDisconnect = 2,
    }
}

wire_enum! {
    /// Why a profile was not written or read.
    ProfileError: u16 {
        Unspecified = 0,
        Fail = 1,
        InvalidHandle = 2,
        InvalidOperation = 3,
        InvalidProfileType = 4,
        InvalidProfileNumber = 5,
        InvalidProfileId = 6,
        InvalidArgument = 7,
        RegistryNotInitialized = 8,
        InvalidParameterLength = 9,
        ListEnd = 10,
        InvalidSubscriptionId = 11,
        InvalidProfileFamily = 12,
        ThreeGppInvalidProfileFamily = 1001,
        ThreeGppAccessError = 1002,
        ThreeGppContextNotDefined = 1003,
        ThreeGppValidFlagNotSet = 1004,
        ThreeGppReadOnlyFlagSet = 1005,
        ThreeGppOutOfProfiles = 1006,
        ThreeGpp2InvalidProfileId = 1101,
    }
}
