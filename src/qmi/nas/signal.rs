//! NAS, the part about how well we hear: strengths, qualities, thresholds for reports.
//!
//! Some fields are numbers without sign that stand for negative ones; the names say which. Absent and −32768 both mean
//! "not measured".

use super::types::*;
use crate::qmi::kinds::{wire_mask, wire_struct};
use crate::qmi::nas::RfBand;
use crate::qmi::table::service;
use crate::qmi::wire::{Count8, Count16};

service! { Nas;
    /// Asks for the report below, on old modems; Config Signal Info replaced it.
    0x0002 set_event_report {
        request {
            0x10 signal_strength: StrengthThresholds,
            0x11 rf_band: bool,
            0x12 registration_reject: bool,
            0x13 rssi: DeltaReport,
            0x17 error_rate: bool,
            /// Tenths of a dB.
            0x1B lte_snr: DeltaReport,
            0x1C lte_rsrp: DeltaReport,
        }
        response {}
    }

    /// What has changed of the items asked for.
    0x0002 event_report {
        indication {
            0x10 signal_strength: Strength,
            0x11 rf_bands: Vec<RfBand> as Count8,
            0x12 registration_reject: RejectReport,
            0x13 rssi: Rssi,
            0x17 error_rate: ErrorRate,
            0x18 rsrq: Rsrq,
            /// Tenths of a dB.
            0x19 lte_snr_tenth_db: i16,
            0x1A lte_rsrp_dbm: i16,
        }
    }

    /// Signal by radio interface, the older of two ways.
    0x0020 get_signal_strength {
        request {
            0x10 mask: StrengthItems,
        }
        response {
            0x01 strength: Strength,
            0x10 strengths: Vec<Strength> as Count16,
            0x11 rssi: Vec<Rssi> as Count16,
            0x12 ecio: Vec<Ecio> as Count16,
            0x13 io_dbm: i32,
            0x14 sinr_level: u8,
            0x15 error_rates: Vec<ErrorRate> as Count16,
            0x16 rsrq: Rsrq,
            /// Tenths of a dB.
            0x17 lte_snr_tenth_db: i16,
            0x18 lte_rsrp_dbm: i16,
        }
    }

    /// Signal by radio technology, the newer way. Without EN-DC only one of LTE and 5G is there.
    0x004F get_signal_info {
        request {}
        response {
            ..signal: Signal,
        }
    }

    /// Which changes of signal are worth the indication below.
    0x0050 config_signal_info {
        request {
            0x10 rssi_dbm: Vec<i8> as Count8,
            /// Steps of −0.5 dB.
            0x11 ecio: Vec<i16> as Count8,
            /// Tenths of a dB.
            0x13 lte_snr_tenth_db: Vec<i16> as Count8,
            0x15 rsrq_db: Vec<i8> as Count8,
            0x16 rsrp_dbm: Vec<i16> as Count8,
            0x17 lte_report: ReportRate,
            0x18 rscp_dbm: Vec<i8> as Count8,
        }
        response {}
    }

    /// The signal has crossed a threshold.
    0x0051 signal_info {
        indication {
            ..signal: Signal,
        }
    }

    /// The same as Config Signal Info for newer modems. All values in tenths of a dB or dBm.
    0x006C config_signal_info_v2 {
        request {
            0x10 cdma_rssi: Vec<i16> as Count8,
            0x11 cdma_rssi_delta: u16,
            0x12 cdma_ecio: Vec<i16> as Count8,
            0x13 cdma_ecio_delta: u16,
            0x14 hdr_rssi: Vec<i16> as Count8,
            0x15 hdr_rssi_delta: u16,
            0x16 hdr_ecio: Vec<i16> as Count8,
            0x17 hdr_ecio_delta: u16,
            0x1C gsm_rssi: Vec<i16> as Count8,
            0x1D gsm_rssi_delta: u16,
            0x1E wcdma_rssi: Vec<i16> as Count8,
            0x1F wcdma_rssi_delta: u16,
            0x20 wcdma_ecio: Vec<i16> as Count8,
            0x21 wcdma_ecio_delta: u16,
            0x22 lte_rssi: Vec<i16> as Count8,
            0x23 lte_rssi_delta: u16,
            0x24 lte_snr: Vec<i16> as Count8,
            0x25 lte_snr_delta: u16,
            0x26 lte_rsrq: Vec<i16> as Count8,
            0x27 lte_rsrq_delta: u16,
            0x28 lte_rsrp: Vec<i16> as Count8,
            0x29 lte_rsrp_delta: u16,
            0x2A lte_report: ReportRate,
            0x33 nr5g_snr: Vec<i16> as Count8,
            0x34 nr5g_snr_delta: u16,
            0x35 nr5g_rsrp: Vec<i16> as Count8,
            0x36 nr5g_rsrp_delta: u16,
            0x37 nr5g_report: ReportRate,
            0x38 nr5g_rsrq: Vec<i16> as Count8,
            0x39 nr5g_rsrq_delta: u16,
            0x3A wcdma_rscp: Vec<i16> as Count8,
            0x3B wcdma_rscp_delta: u16,
        }
        response {}
    }
}

crate::qmi::table::tlv_set! {
    /// Signal by radio technology, the same in answer and indication.
    Signal {
        0x10 cdma: EcioSignal,
        0x11 hdr: HdrSignal,
        0x12 gsm_rssi_dbm: i8,
        0x13 wcdma: EcioSignal,
        0x14 lte: LteSignal,
        0x17 nr5g: NrSignal,
        0x18 nr5g_rsrq_db: i16,
        0x19 wcdma_rscp_dbm: i16,
    }
}

wire_struct! {
    /// RSSI and Ec/Io of CDMA and WCDMA.
    EcioSignal {
        rssi_dbm: i8,
        /// Steps of −0.5 dB.
        ecio: i16,
    }
}

wire_struct! {
    /// Signal of HDR.
    HdrSignal {
        rssi_dbm: i8,
        /// Steps of −0.5 dB.
        ecio: i16,
        sinr_level: u8,
        io_dbm: i32,
    }
}

wire_struct! {
    /// Signal of LTE.
    LteSignal {
        rssi_dbm: i8,
        rsrq_db: i8,
        rsrp_dbm: i16,
        /// Tenths of a dB.
        snr_tenth_db: i16,
    }
}

wire_struct! {
    /// Signal of NR.
    NrSignal {
        rsrp_dbm: i16,
        /// Tenths of a dB.
        snr_tenth_db: i16,
    }
}

wire_struct! {
    /// How often the modem may measure.
    ReportRate {
        rate: u8,
        average_period: u8,
    }
}

wire_struct! {
    /// Thresholds of signal strength.
    StrengthThresholds {
        report: bool,
        thresholds_dbm: Vec<i8> as Count8,
    }
}

wire_struct! {
    /// The smallest change worth a report.
    DeltaReport {
        report: bool,
        delta: u8,
    }
}

wire_struct! {
    /// Signal strength of one radio interface.
    Strength {
        dbm: i8,
        radio_interface: RadioInterface,
    }
}

wire_struct! {
    /// RSSI of one radio interface.
    Rssi {
        /// 71 stands for −71 dBm.
        minus_dbm: u8,
        radio_interface: RadioInterface,
    }
}

wire_struct! {
    /// Ec/Io of one radio interface.
    Ecio {
        /// Steps of −0.5 dB.
        ecio: u8,
        radio_interface: RadioInterface,
    }
}

wire_struct! {
    /// RSRQ of one radio interface.
    Rsrq {
        db: i8,
        radio_interface: RadioInterface,
    }
}

wire_struct! {
    /// Errors of one radio interface; the unit depends on it.
    ErrorRate {
        rate: u16,
        radio_interface: RadioInterface,
    }
}

wire_struct! {
    /// A refusal of the network.
    RejectReport {
        domain: ServiceDomain,
        /// As [`RejectCause`], in two bytes.
        cause: u16,
    }
}

wire_mask! {
    /// What Get Signal Strength should tell besides the strength.
    StrengthItems: u16 {
        RSSI = 0x01,
        ECIO = 0x02,
        IO = 0x04,
        SINR = 0x08,
        ERROR_RATE = 0x10,
        RSRQ = 0x20,
        LTE_SNR = 0x40,
        LTE_RSRP = 0x80,
    }
}
