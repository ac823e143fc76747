//! NAS, the part about cells: bands in use, serving and neighbouring cells, carrier aggregation.

use super::bands::ActiveBand;
use super::types::*;
use crate::qmi::kinds::{wire_enum, wire_struct};
use crate::qmi::plmn::BcdPlmn;
use crate::qmi::table::service;
use crate::qmi::wire::{Be24, Count8};

service! { Nas;
    /// The bands and channels in use.
    0x0031 get_rf_band_information {
        request {}
        response {
            0x01 bands: Vec<RfBand> as Count8,
            0x11 extended: Vec<ExtendedRfBand> as Count8,
            0x12 bandwidths: Vec<RfBandwidth> as Count8,
        }
    }

    /// The cell we are on and those around it.
    0x0043 get_cell_location_info {
        request {}
        response {
            0x10 geran: GeranInfo,
            0x11 umts: UmtsInfo,
            0x13 lte_intrafrequency: LteIntrafrequency,
            0x14 lte_interfrequency: LteInterfrequency,
            0x15 lte_neighboring_gsm: LteNeighboringGsm,
            0x16 lte_neighboring_wcdma: LteNeighboringWcdma,
            0x17 umts_cell_id: u32,
            0x18 umts_neighboring_lte: UmtsNeighboringLte,
            /// Microseconds; 0xFFFFFFFF: not known.
            0x1E lte_timing_advance_us: u32,
            0x26 doppler: u16,
            /// Where 16 bits are too narrow for the channel of `lte_intrafrequency`.
            0x27 lte_intra_earfcn: u32,
            0x28 lte_inter_earfcns: Vec<u32> as Count8,
            0x2E nr5g_arfcn: u32,
            0x2F nr5g_cell: NrCell,
        }
    }

    /// Which carriers LTE has aggregated.
    0x00AC get_lte_cphy_ca_info {
        request {}
        response {
            0x11 downlink_bandwidth: Bandwidth,
            0x12 scell: SecondaryCarrier,
            0x13 pcell: Carrier,
            0x14 scell_index: u8,
            0x15 scells: Vec<IndexedCarrier> as Count8,
        }
    }

    /// Whether LTE and NR may be used together.
    0x00E8 get_endc_config {
        request {}
        response {
            0x10 enabled: bool,
            0x11 immediate_scg_release: bool,
        }
    }
}

wire_struct! {
    /// A band in use.
    RfBand {
        radio_interface: RadioInterface,
        band: ActiveBand,
        channel: u16,
    }
}

wire_struct! {
    /// A band in use, with room for high channel numbers.
    ExtendedRfBand {
        radio_interface: RadioInterface,
        band: ActiveBand,
        channel: u32,
    }
}

wire_struct! {
    /// The width of a band in use.
    RfBandwidth {
        radio_interface: RadioInterface,
        bandwidth: Bandwidth,
    }
}

wire_struct! {
    /// GSM cells.
    GeranInfo {
        /// 0xFFFFFFFF: not known.
        cell_id: u32,
        plmn: BcdPlmn,
        lac: u16,
        arfcn: u16,
        bsic: u8,
        /// Bit periods; 0xFFFFFFFF: not known.
        timing_advance: u32,
        rx_level: u16,
        cells: Vec<GeranCell> as Count8,
    }
}

wire_struct! {
    /// A neighbouring GSM cell.
    GeranCell {
        cell_id: u32,
        plmn: BcdPlmn,
        lac: u16,
        arfcn: u16,
        bsic: u8,
        rx_level: u16,
    }
}

wire_struct! {
    /// UMTS cells.
    UmtsInfo {
        cell_id: u16,
        plmn: BcdPlmn,
        lac: u16,
        uarfcn: u16,
        psc: u16,
        rscp_dbm: i16,
        ecio_db: i16,
        cells: Vec<UmtsCell> as Count8,
        gsm_cells: Vec<UmtsNeighboringGsm> as Count8,
    }
}

wire_struct! {
    /// A neighbouring UMTS cell.
    UmtsCell {
        uarfcn: u16,
        psc: u16,
        rscp_dbm: i16,
        ecio_db: i16,
    }
}

wire_struct! {
    /// A GSM cell beside a UMTS one.
    UmtsNeighboringGsm {
        arfcn: u16,
        network_color_code: u8,
        base_station_color_code: u8,
        rssi_dbm: i16,
    }
}

wire_struct! {
    /// The serving LTE cell and those on its channel.
    LteIntrafrequency {
        idle: bool,
        plmn: BcdPlmn,
        tac: u16,
        global_cell_id: u32,
        earfcn: u16,
        serving_pci: u16,
        reselection_priority: u8,
        non_intra_search_threshold: u8,
        serving_low_threshold: u8,
        intra_search_threshold: u8,
        cells: Vec<LteCell> as Count8,
    }
}

wire_struct! {
    /// LTE cells on other channels.
    LteInterfrequency {
        idle: bool,
        frequencies: Vec<LteFrequency> as Count8,
    }
}

wire_struct! {
    /// One other LTE channel.
    LteFrequency {
        earfcn: u16,
        rx_level_low_threshold: u8,
        rx_level_high_threshold: u8,
        reselection_priority: u8,
        cells: Vec<LteCell> as Count8,
    }
}

wire_struct! {
    /// An LTE cell as heard.
    LteCell {
        pci: u16,
        rsrq_tenth_db: i16,
        rsrp_tenth_dbm: i16,
        rssi_tenth_dbm: i16,
        rx_level: i16,
    }
}

wire_struct! {
    /// GSM cells beside an LTE one.
    LteNeighboringGsm {
        idle: bool,
        frequencies: Vec<GsmFrequencies> as Count8,
    }
}

wire_struct! {
    /// A group of GSM channels.
    GsmFrequencies {
        reselection_priority: u8,
        reselection_high_threshold: u8,
        reselection_low_threshold: u8,
        ncc_permitted: u8,
        cells: Vec<GsmCell> as Count8,
    }
}

wire_struct! {
    /// A GSM cell beside an LTE one.
    GsmCell {
        arfcn: u16,
        band_is_1900: bool,
        cell_id_valid: bool,
        bsic: u8,
        rssi_tenth_dbm: i16,
        rx_level: i16,
    }
}

wire_struct! {
    /// UMTS cells beside an LTE one.
    LteNeighboringWcdma {
        idle: bool,
        frequencies: Vec<WcdmaFrequency> as Count8,
    }
}

wire_struct! {
    /// One UMTS channel.
    WcdmaFrequency {
        uarfcn: u16,
        reselection_priority: u8,
        reselection_high_threshold: u16,
        reselection_low_threshold: u16,
        cells: Vec<WcdmaCell> as Count8,
    }
}

wire_struct! {
    /// A UMTS cell beside an LTE one.
    WcdmaCell {
        psc: u16,
        rscp_dbm: i16,
        ecio_db: i16,
        rx_level: i16,
    }
}

wire_struct! {
    /// LTE cells beside a UMTS one.
    UmtsNeighboringLte {
        rrc_state: RrcState,
        frequencies: Vec<UmtsLteCell> as Count8,
    }
}

wire_struct! {
    /// An LTE cell beside a UMTS one.
    UmtsLteCell {
        earfcn: u16,
        pci: u16,
        rsrp_dbm: f32,
        rsrq_db: f32,
        rx_level: i16,
        is_tdd: bool,
    }
}

wire_struct! {
    /// The serving NR cell.
    NrCell {
        plmn: BcdPlmn,
        tac: u32 as Be24,
        global_cell_id: u64,
        pci: u16,
        rsrq_tenth_db: i16,
        rsrp_tenth_dbm: i16,
        snr_tenth_db: i16,
    }
}

wire_struct! {
    /// The primary carrier.
    Carrier {
        pci: u16,
        channel: u16,
        bandwidth: Bandwidth,
        band: ActiveBand,
    }
}

wire_struct! {
    /// A secondary carrier.
    SecondaryCarrier {
        pci: u16,
        channel: u16,
        bandwidth: Bandwidth,
        band: ActiveBand,
        state: ScellState,
    }
}

wire_struct! {
    /// A secondary carrier with its index.
    IndexedCarrier {
        pci: u16,
        channel: u16,
        bandwidth: Bandwidth,
        band: ActiveBand,
        state: ScellState,
        index: u8,
    }
}

wire_enum! {
    /// The width of a carrier, MHz in the name.
    #[allow(non_camel_case_types)]
    Bandwidth: u32 {
        Lte1_4 = 0x00,
        Lte3 = 0x01,
        Lte5 = 0x02,
        Lte10 = 0x03,
        Lte15 = 0x04,
        Lte20 = 0x05,
        Nr5 = 0x06,
        Nr10 = 0x07,
        Nr15 = 0x08,
        Nr20 = 0x09,
        Nr25 = 0x0A,
        Nr30 = 0x0B,
        Nr40 = 0x0C,
        Nr50 = 0x0D,
        Nr60 = 0x0E,
        Nr80 = 0x0F,
        Nr90 = 0x10,
        Nr100 = 0x11,
        Nr200 = 0x12,
        Nr400 = 0x13,
        Gsm0_2 = 0x14,
        TdScdma1_6 = 0x15,
        Wcdma5 = 0x16,
        Wcdma10 = 0x17,
        Nr70 = 0x18,
        Unspecified = 0xFF,
    }
}

wire_enum! {
    /// A secondary carrier on or off.
    ScellState: u32 {
        Deconfigured = 0,
        Deactivated = 1,
        Activated = 2,
    }
}

wire_enum! {
    /// RRC states of UMTS, 3GPP TS 25.331.
    RrcState: u32 {
        Disconnected = 0,
        CellPch = 1,
        UraPch = 2,
        CellFach = 3,
        CellDch = 4,
    }
}
