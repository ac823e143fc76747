//! WDS, the part about how the session does: counters, rates, bearer technology.
//!
//! Packet counters are 32 bits wide, wrap, and are 0xFFFFFFFF where the modem does not count.

use super::types::*;
use crate::qmi::kinds::{wire_enum, wire_mask, wire_struct};
use crate::qmi::table::service;
use crate::qmi::wire::Count8;

service! { Wds;
    /// Asks for the report below, item by item.
    0x0001 set_event_report {
        request {
            0x10 channel_rate: bool,
            0x11 transfer_statistics: StatisticsReport,
            0x12 data_bearer: bool,
            0x13 dormancy: bool,
            0x14 mip_status: u8,
            0x15 current_data_bearer: bool,
            0x17 call_status: bool,
            0x18 preferred_system: bool,
            0x19 evdo_page_monitor: bool,
            0x1A data_systems: bool,
            0x1B uplink_flow_control: bool,
            0x1C limited_system_status: bool,
            0x1D pdn_filter_removals: bool,
            0x1E extended_data_bearer: bool,
        }
        response {}
    }

    /// What has changed of the items asked for, and the counters at their interval.
    0x0001 event_report {
        indication {
            0x10 tx_packets_ok: u32,
            0x11 rx_packets_ok: u32,
            0x12 tx_packets_error: u32,
            0x13 rx_packets_error: u32,
            0x14 tx_overflows: u32,
            0x15 rx_overflows: u32,
            0x16 channel_rates: Rates,
            0x17 data_bearer: DataBearer,
            0x18 dormancy: Dormancy,
            0x19 tx_bytes_ok: u64,
            0x1A rx_bytes_ok: u64,
            0x1D current_data_bearer: CurrentBearer,
            0x1F call_status: CallStatus,
            0x20 preferred_system: DataSystem,
            0x22 call_type: CallTypes,
            0x24 data_systems: DataSystems,
            0x25 tx_packets_dropped: u32,
            0x26 rx_packets_dropped: u32,
            0x27 uplink_flow_control: bool,
            /// An [`IpFamily`] in four bytes.
            0x28 address_family: u32,
            0x29 filters_removed: Vec<u32> as Count8,
            0x2A extended_data_bearer: ExtendedBearer,
        }
    }

    /// How fast the bearer is now and could be.
    0x0023 get_channel_rates {
        request {}
        response {
            0x01 rates: ChannelRates,
        }
    }

    /// The counters of this client's session.
    0x0024 get_packet_statistics {
        request {
            0x01 mask: StatisticsMask,
        }
        response {
            0x10 tx_packets_ok: u32,
            0x11 rx_packets_ok: u32,
            0x12 tx_packets_error: u32,
            0x13 rx_packets_error: u32,
            0x14 tx_overflows: u32,
            0x15 rx_overflows: u32,
            0x19 tx_bytes_ok: u64,
            0x1A rx_bytes_ok: u64,
            0x1B last_call_tx_bytes_ok: u64,
            0x1C last_call_rx_bytes_ok: u64,
            0x1D tx_packets_dropped: u32,
            0x1E rx_packets_dropped: u32,
        }
    }

    /// The technology of the bearer, the older way.
    0x0037 get_data_bearer_technology {
        request {}
        response {
            0x01 current: DataBearer,
            0x10 last: DataBearer,
        }
    }

    /// The technology of the bearer, the newer way.
    0x0044 get_current_data_bearer_technology {
        request {}
        response {
            0x01 current: CurrentBearer,
            0x10 last: CurrentBearer,
        }
    }
}

wire_struct! {
    /// Which counters to report how often.
    StatisticsReport {
        /// Seconds; 0: never.
        interval_s: u8,
        counters: StatisticsMask,
    }
}

wire_struct! {
    /// Rates in bits per second.
    Rates {
        tx_bps: i32,
        rx_bps: i32,
    }
}

wire_struct! {
    /// Rates in bits per second.
    ChannelRates {
        tx_bps: u32,
        rx_bps: u32,
        max_tx_bps: u32,
        max_rx_bps: u32,
    }
}

wire_struct! {
    /// The bearer's technology.
    CurrentBearer {
        network: BearerFamily,
        /// [`Rat3gpp`] where `network` is 3GPP.
        rat_mask: u32,
        service_option_mask: u32,
    }
}

wire_struct! {
    /// For whom the session is.
    CallTypes {
        call: DataCallType,
        tethered: TetheredCallType,
    }
}

wire_struct! {
    /// The systems that could carry data.
    DataSystems {
        preferred: BearerNetwork,
        networks: Vec<BearerSystem> as Count8,
    }
}

wire_struct! {
    /// A system that could carry data.
    BearerSystem {
        network: BearerNetwork,
        /// [`Rat3gpp`] where `network` is 3GPP.
        rat_mask: u32,
        service_option_mask: u32,
    }
}

wire_struct! {
    /// The bearer's technology in full.
    ExtendedBearer {
        network: u32,
        technology: u32,
        bearer_3gpp: u16,
        reserved_1: u8,
        bearer_3gpp2: u16,
        reserved: [u8; 3],
    }
}

wire_mask! {
    /// Counters.
    StatisticsMask: u32 {
        TX_PACKETS_OK = 0x001,
        RX_PACKETS_OK = 0x002,
        TX_PACKETS_ERROR = 0x004,
        RX_PACKETS_ERROR = 0x008,
        TX_OVERFLOWS = 0x010,
        RX_OVERFLOWS = 0x020,
        TX_BYTES_OK = 0x040,
        RX_BYTES_OK = 0x080,
        TX_PACKETS_DROPPED = 0x100,
        RX_PACKETS_DROPPED = 0x200,
    }
}

wire_enum! {
    /// The bearer's technology, the older way.
    DataBearer: i8 {
        Unspecified = -1,
        Cdma20001x = 0x01,
        Evdo = 0x02,
        Gsm = 0x03,
        Umts = 0x04,
        EvdoRevA = 0x05,
        Edge = 0x06,
        Hsdpa = 0x07,
        Hsupa = 0x08,
        HsdpaHsupa = 0x09,
        Lte = 0x0A,
        Ehrpd = 0x0B,
        HsdpaPlus = 0x0C,
        HsdpaPlusHsupa = 0x0D,
        DcHsdpaPlus = 0x0E,
        DcHsdpaPlusHsupa = 0x0F,
        HsdpaPlus64qam = 0x10,
        HsdpaPlus64qamHsupa = 0x11,
        TdScdma = 0x12,
        TdScdmaHsdpa = 0x13,
        TdScdmaHsupa = 0x14,
    }
}

wire_enum! {
    /// Whether the radio carries traffic.
    Dormancy: u8 {
        Unspecified = 0,
        Dormant = 1,
        Active = 2,
    }
}

wire_enum! {
    /// The family of standards of the bearer; numbered unlike [`BearerNetwork`].
    BearerFamily: u8 {
        Unspecified = 0,
        ThreeGpp2 = 1,
        ThreeGpp = 2,
    }
}

wire_mask! {
    /// 3GPP technologies of a bearer.
    Rat3gpp: u32 {
        WCDMA = 0x0001,
        GPRS = 0x0002,
        HSDPA = 0x0004,
        HSUPA = 0x0008,
        EDGE = 0x0010,
        LTE = 0x0020,
        HSDPA_PLUS = 0x0040,
        DC_HSDPA_PLUS = 0x0080,
        QAM64 = 0x0100,
        TD_SCDMA = 0x0200,
        NR5G = 0x0400,
        NULL_BEARER = 0x8000,
    }
}

wire_enum! {
    /// Whether some session is up.
    CallStatus: u8 {
        Unspecified = 0,
        Activated = 1,
        Terminated = 2,
    }
}

wire_enum! {
    /// The system data should take.
    DataSystem: u32 {
        Unspecified = 0,
        Cdma1x = 1,
        Cdma1xEvdo = 2,
        Gprs = 3,
        Wcdma = 4,
        Lte = 5,
        TdScdma = 6,
    }
}

wire_enum! {
    /// For whom the session is.
    DataCallType: u8 {
        Unspecified = 0,
        Embedded = 1,
        Tethered = 2,
        ModemEmbedded = 3,
    }
}

wire_enum! {
    /// How a tethered host is attached.
    TetheredCallType: u8 {
        NonTethered = 0,
        Rmnet = 1,
        Dun = 2,
    }
}
