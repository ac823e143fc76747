//! WDS, the part about the session: start, stop, status, addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::types::*;
use crate::qmi::Secret;
use crate::qmi::kinds::{wire_enum, wire_mask, wire_struct};
use crate::qmi::plmn::ExactPlmn;
use crate::qmi::table::service;
use crate::qmi::wda::Endpoint;
use crate::qmi::wire::{Count8, Len8, Len16, Malformed, Reader, Wire};

service! { Wds;
    /// Drops what this client registered, its session with it.
    0x0000 reset {
        request {}
        response {}
    }

    /// Breaks off a slow request, which then answers "aborted".
    0x0002 abort {
        request {
            0x01 transaction: u16,
        }
        response {}
    }

    /// Asks for further indications.
    0x0003 indication_register {
        request {
            0x12 extended_ip_config: bool,
            0x19 profile_changes: bool,
        }
        response {}
    }

    /// Brings the session up; takes up to minutes. Abortable. `no_effect`: it is up already. `call_failed` comes with
    /// the reasons.
    0x0020 start_network {
        request {
            0x10 primary_dns: Ipv4Addr,
            0x11 secondary_dns: Ipv4Addr,
            0x14 apn: String,
            0x15 ipv4_address: Ipv4Addr,
            0x16 authentication: Authentication,
            0x17 username: Secret,
            0x18 password: Secret,
            0x19 ip_family: IpFamily,
            0x30 technology: TechnologyPreference,
            0x31 profile_3gpp: u8,
            0x32 profile_3gpp2: u8,
            0x33 autoconnect: bool,
            0x34 extended_technology: ExtendedTechnology,
            0x35 call_type: CallType,
        }
        response {
            /// For Stop Network.
            0x01 handle: u32,
            0x10 call_end_reason: CallEndReason,
            0x11 verbose_call_end_reason: VerboseCallEndReason,
        }
    }

    /// Takes the session down.
    0x0021 stop_network {
        request {
            /// [`ANY_HANDLE`] for a session that is not ours.
            0x01 handle: u32,
            0x10 disable_autoconnect: bool,
        }
        response {}
    }

    /// Whether the session is up. One byte; the indication has two.
    0x0022 get_packet_service_status {
        request {}
        response {
            0x01 status: ConnectionStatus,
        }
    }

    /// The session went up or down, or its addresses changed.
    0x0022 packet_service_status {
        indication {
            0x01 status: PacketServiceStatus,
            0x10 call_end_reason: CallEndReason,
            0x11 verbose_call_end_reason: VerboseCallEndReason,
            0x12 ip_family: IpFamily,
            /// libqmi knows it under the second id, real modems send the first.
            0x13 | 0x34 technology: ExtendedTechnology,
            0x14 bearer_id: u8,
            0x15 xlat_capable: bool,
        }
    }

    /// Addresses, routers, name servers, MTU.
    0x002D get_current_settings {
        request {
            0x10 settings: RequestedSettings,
        }
        response {
            0x10 profile_name: String,
            0x11 pdp_type: PdpType,
            0x14 apn: String,
            0x15 primary_dns: Ipv4Addr,
            0x16 secondary_dns: Ipv4Addr,
            0x1B username: Secret,
            0x1D authentication: Authentication,
            0x1E ipv4_address: Ipv4Addr,
            0x1F profile: ProfileId,
            0x20 ipv4_gateway: Ipv4Addr,
            0x21 ipv4_netmask: Ipv4Addr,
            0x22 pcscf_by_pco: bool,
            0x23 pcscf_addresses: Vec<Ipv4Addr> as Count8,
            0x24 pcscf_domains: Vec<String> as Count8<Len16>,
            0x25 ipv6_address: Ipv6Prefix,
            0x26 ipv6_gateway: Ipv6Prefix,
            0x27 ipv6_primary_dns: Ipv6Addr,
            0x28 ipv6_secondary_dns: Ipv6Addr,
            /// Bytes.
            0x29 mtu: u32,
            0x2A domains: Vec<String> as Count8<Len16>,
            0x2B ip_family: IpFamily,
            0x2D technology: ExtendedTechnology,
            0x2F operator_pco: OperatorPco,
        }
    }

    /// Whether the modem starts the session by itself.
    0x0034 get_autoconnect_settings {
        request {}
        response {
            0x01 status: Autoconnect,
            0x10 roaming: AutoconnectRoaming,
        }
    }

    /// The IP family this client's session has.
    0x004D set_ip_family {
        request {
            0x01 family: IpFamily,
        }
        response {}
    }

    /// Whether the modem shall start the session by itself.
    0x0051 set_autoconnect_settings {
        request {
            0x01 status: Autoconnect,
            0x10 roaming: AutoconnectRoaming,
        }
        response {}
    }

    /// Which APNs the modem refuses to dial for a while.
    0x006C get_pdn_throttle_info {
        request {
            0x01 network: BearerNetwork,
        }
        response {
            0x10 throttled: Vec<Throttle> as Count8,
        }
    }

    /// Binds this client to a data port of a SoC modem.
    0x0089 bind_data_port {
        request {
            0x01 port: u16,
        }
        response {}
    }

    /// Some setting of the session has changed: read them again.
    0x008C extended_ip_config {
        indication {
            0x10 changed: RequestedSettings,
        }
    }

    /// Binds this client to a multiplexed data port; before Start Network.
    0x00A2 bind_mux_data_port {
        request {
            0x10 endpoint: Endpoint,
            0x11 mux_id: u8,
            0x13 client_type: ClientType,
        }
        response {}
    }

    /// Binds this client to one of several subscriptions.
    0x00AF bind_subscription {
        request {
            0x01 subscription: u32,
        }
        response {}
    }
}

/// Stop Network takes this for "whatever is up".
pub const ANY_HANDLE: u32 = 0xFFFF_FFFF;

wire_struct! {
    /// The state of the session, as the indication has it.
    PacketServiceStatus {
        status: ConnectionStatus,
        /// The addresses have changed: read them again.
        reconfigure: bool,
    }
}

/// An IPv6 address and how much of it is the network's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6Prefix {
    /// The address.
    pub address: Ipv6Addr,
    /// Bits.
    pub length: u8,
}

impl Wire for Ipv6Prefix {
    fn put(&self, out: &mut Vec<u8>) {
        self.address.put(out);
        self.length.put(out);
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { address: Wire::get(r)?, length: Wire::get(r)? })
    }
}

wire_struct! {
    /// What the operator sent in a container of its own.
    OperatorPco {
        plmn: ExactPlmn,
        data: Vec<u8> as Count8,
        container: u16,
    }
}

wire_struct! {
    /// An APN the modem refuses to dial for a while.
    Throttle {
        ipv4: bool,
        ipv6: bool,
        ipv4_left_ms: u32,
        ipv6_left_ms: u32,
        apn: String as Len8,
    }
}

wire_enum! {
    /// The state of the session.
    ConnectionStatus: u8 {
        Unspecified = 0,
        Disconnected = 1,
        Connected = 2,
        Suspended = 3,
        Authenticating = 4,
    }
}

wire_enum! {
    /// For whom the session is.
    CallType: u8 {
        Laptop = 0,
        Embedded = 1,
    }
}

wire_enum! {
    /// Whether the modem starts the session by itself.
    Autoconnect: u8 {
        Disabled = 0,
        Enabled = 1,
        Paused = 2,
    }
}

wire_enum! {
    /// Whether it does so abroad.
    AutoconnectRoaming: u8 {
        Allowed = 0,
        HomeOnly = 1,
    }
}

wire_enum! {
    /// What a multiplexed client is.
    ClientType: u32 {
        Tethered = 0x01,
        Undefined = 0xFF,
    }
}

wire_mask! {
    /// Settings to read, or that have changed.
    RequestedSettings: u32 {
        PROFILE_ID = 0x0_0001,
        PROFILE_NAME = 0x0_0002,
        PDP_TYPE = 0x0_0004,
        APN_NAME = 0x0_0008,
        DNS_ADDRESS = 0x0_0010,
        GRANTED_QOS = 0x0_0020,
        USERNAME = 0x0_0040,
        AUTHENTICATION = 0x0_0080,
        IP_ADDRESS = 0x0_0100,
        GATEWAY = 0x0_0200,
        PCSCF_BY_PCO = 0x0_0400,
        PCSCF_ADDRESSES = 0x0_0800,
        PCSCF_DOMAINS = 0x0_1000,
        MTU = 0x0_2000,
        DOMAINS = 0x0_4000,
        IP_FAMILY = 0x0_8000,
        IMCN = 0x1_0000,
        TECHNOLOGY = 0x2_0000,
        OPERATOR_PCO = 0x4_0000,
    }
}
