//! WDA, service 26: how packets lie on the USB or PCIe pipe.

use super::kinds::{wire_enum, wire_struct};
use super::table::{service, tlv_set};

service! { Wda;
    /// Asks for a packet format; the answer is what was granted. Newer modems want `endpoint`.
    0x0020 set_data_format {
        request {
            0x10 qos_header: bool,
            0x11 link_protocol: LinkProtocol,
            0x12 uplink_aggregation: Aggregation,
            0x13 downlink_aggregation: Aggregation,
            0x14 ndp_signature: u32,
            0x15 downlink_max_datagrams: u32,
            /// Bytes.
            0x16 downlink_max_size: u32,
            0x17 endpoint: Endpoint,
            0x1B uplink_max_datagrams: u32,
            /// Bytes.
            0x1C uplink_max_size: u32,
        }
        response {
            ..format: Format,
        }
    }

    /// The packet format in force. Newer modems answer missing_argument without `endpoint`.
    0x0021 get_data_format {
        request {
            0x10 endpoint: Endpoint,
        }
        response {
            ..format: Format,
        }
    }
}

tlv_set! {
    /// A packet format, as both responses have it.
    Format {
        0x10 qos_header: bool,
        0x11 link_protocol: LinkProtocol,
        0x12 uplink_aggregation: Aggregation,
        0x13 downlink_aggregation: Aggregation,
        0x14 ndp_signature: u32,
        0x15 downlink_max_datagrams: u32,
        /// Bytes.
        0x16 downlink_max_size: u32,
        0x17 uplink_max_datagrams: u32,
        /// Bytes.
        0x18 uplink_max_size: u32,
        /// Bytes between two aggregated packets.
        0x1A downlink_min_padding: u32,
        0x1B flow_control: u8,
    }
}

wire_struct! {
    /// Where the data pipe is attached to the host.
    Endpoint {
        kind: EndpointKind,
        /// The USB interface number.
        interface: u32,
    }
}

wire_enum! {
    /// The bus of the data pipe.
    EndpointKind: u32 {
        Unspecified = 0x00,
        Hsic = 0x01,
        Hsusb = 0x02,
        Pcie = 0x03,
        Embedded = 0x04,
        BamDmux = 0x05,
        Ethernet = 0x06,
        Undefined = 0xFF,
    }
}

wire_enum! {
    /// Ethernet frames or bare IP packets. The kernel's `raw_ip` switch must agree or no packet passes.
    LinkProtocol: u32 {
        Unspecified = 0,
        Ieee8023 = 1,
        RawIp = 2,
        EthernetPdu = 3,
    }
}

wire_enum! {
    /// How several packets travel in one transfer.
    Aggregation: u32 {
        Disabled = 0,
        Tlp = 1,
        QcNcm = 2,
        Mbim = 3,
        Rndis = 4,
        Qmap = 5,
        QmapV2 = 6,
        QmapV3 = 7,
        QmapV4 = 8,
        QmapV5 = 9,
    }
}
