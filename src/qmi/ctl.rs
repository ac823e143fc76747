//! CTL, service 0: who may speak. Client ids, sync, versions. The only service without a client id and with 8-bit
//! transactions.

use super::Service;
use super::kinds::{wire_enum, wire_struct};
use super::table::service;
use super::wire::Count8;

service! { Ctl;
    /// Names this host instance; answered with the link it is on.
    0x0020 set_instance_id {
        request {
            0x01 id: u8,
        }
        response {
            0x01 link_id: u16,
        }
    }

    /// Which services the modem has. A booting modem answers only after several tries.
    0x0021 get_version_info {
        request {}
        response {
            0x01 services: Vec<ServiceVersion> as Count8,
        }
    }

    /// Asks for a client id on a service. They are few, and they outlive a crash of ours.
    0x0022 allocate_cid {
        request {
            0x01 service: Service,
        }
        response {
            0x01 client: ClientId,
        }
    }

    /// Gives a client id back. Its data session ends, its indications stop.
    0x0023 release_cid {
        request {
            0x01 client: ClientId,
        }
        response {
            0x01 client: ClientId,
        }
    }

    /// The packet format of Gobi modems; newer ones have WDA for it.
    0x0026 set_data_format {
        request {
            0x01 qos_header: DataFormat,
            0x10 link_protocol: LinkProtocol,
        }
        response {
            0x10 link_protocol: LinkProtocol,
        }
    }

    /// Forgets every client id of every host process, data sessions with them.
    0x0027 sync {
        request {}
        response {}
    }

    /// The modem has restarted: all client ids are gone.
    0x0027 synced {
        indication {}
    }

    /// Spoken by qmi-proxy alone: which device this connection is about.
    0xFF00 proxy_open {
        request {
            /// A path, without NUL.
            0x01 device: String,
        }
        response {}
    }
}

wire_struct! {
    /// One service the modem has.
    ServiceVersion {
        service: Service,
        major: u16,
        minor: u16,
    }
}

wire_struct! {
    /// A client id; only the pair means anything.
    ClientId {
        service: Service,
        client: u8,
    }
}

wire_enum! {
    /// Whether a QoS header precedes each packet.
    DataFormat: u8 {
        Absent = 0,
        Present = 1,
    }
}

wire_enum! {
    /// Ethernet frames or bare IP packets.
    LinkProtocol: u16 {
        Unspecified = 0,
        Ieee8023 = 1,
        RawIp = 2,
    }
}
