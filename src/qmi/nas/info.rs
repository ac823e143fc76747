//! NAS, System Info: one block for each radio technology in service.

use super::types::*;
use crate::qmi::kinds::{wire_enum, wire_struct};
use crate::qmi::plmn::AsciiPlmn;
use crate::qmi::table::service;
use crate::qmi::wire::{Be24, Flagged};

service! { Nas;
    /// What each radio technology sees. From 0x24 up the ids differ from those of the indication.
    0x004D get_system_info {
        request {}
        response {
            0x12 gsm_service: RadioService,
            0x13 wcdma_service: RadioService,
            0x14 lte_service: RadioService,
            0x17 gsm_system: GsmSystem,
            0x18 wcdma_system: WcdmaSystem,
            0x19 lte_system: LteSystem,
            0x1C gsm_additional: AdditionalInfo,
            0x1D wcdma_additional: AdditionalInfo,
            /// 0xFFFF: not available.
            0x1E lte_geo_index: u16,
            0x1F gsm_call_barring: CallBarringStatus,
            0x20 wcdma_call_barring: CallBarringStatus,
            0x21 lte_voice_support: bool,
            0x22 gsm_cipher_domain: ServiceDomain,
            0x23 wcdma_cipher_domain: ServiceDomain,
            0x26 embms_support: bool,
            0x27 sim_reject: SimReject,
            0x29 ims_voice_support: bool,
            0x2A lte_voice_domain: LteVoiceDomain,
            0x2C gsm_routing_area: u8,
            0x2D wcdma_routing_area: u8,
            0x2F registration_restriction: RegistrationRestriction,
            0x31 lte_registration_domain: LteRegistrationDomain,
            /// 0xFFFF: none.
            0x34 embms_trace_id: u16,
            0x38 lte_sms_status: u32,
            0x39 emergency_bearer_supported: u32,
            0x3E emergency_access_barred: u32,
            0x44 lte_cell_access: LteCellAccess,
            0x46 embms_coverage: u32,
            0x4A nr5g_service: RadioService,
            0x4B nr5g_system: NrSystem,
            /// The LTE cell can be joined by NR (EN-DC).
            0x4E endc_available: bool,
            0x4F dcnr_restricted: bool,
            0x50 nr5g_tac: u32 as Be24,
        }
    }

    /// Some radio technology sees something else now.
    0x004E system_info {
        indication {
            0x12 gsm_service: RadioService,
            0x13 wcdma_service: RadioService,
            0x14 lte_service: RadioService,
            0x17 gsm_system: GsmSystem,
            0x18 wcdma_system: WcdmaSystem,
            0x19 lte_system: LteSystem,
            0x1C gsm_additional: AdditionalInfo,
            0x1D wcdma_additional: AdditionalInfo,
            /// 0xFFFF: not available.
            0x1E lte_geo_index: u16,
            0x1F gsm_call_barring: CallBarringStatus,
            0x20 wcdma_call_barring: CallBarringStatus,
            0x21 lte_voice_support: bool,
            0x22 gsm_cipher_domain: ServiceDomain,
            0x23 wcdma_cipher_domain: ServiceDomain,
            0x24 plmn_not_changed: bool,
            0x27 embms_support: bool,
            0x28 sim_reject: SimReject,
            0x4C nr5g_service: RadioService,
            0x4D nr5g_system: NrSystem,
            /// The LTE cell can be joined by NR (EN-DC).
            0x50 endc_available: bool,
            0x51 dcnr_restricted: bool,
            0x52 nr5g_tac: u32 as Be24,
        }
    }
}

wire_struct! {
    /// Service on one radio technology.
    RadioService {
        status: ServiceStatus,
        true_status: ServiceStatus,
        preferred_data_path: bool,
    }
}

wire_struct! {
    /// What every radio technology tells of its cell and network.
    SystemInfo {
        domain: Option<ServiceDomain> as Flagged,
        capability: Option<ServiceDomain> as Flagged,
        roaming: Option<RoamingStatus> as Flagged,
        forbidden: Option<bool> as Flagged,
        lac: Option<u16> as Flagged,
        cid: Option<u32> as Flagged,
        reject: Option<Reject> as Flagged,
        network: Option<AsciiPlmn> as Flagged,
    }
}

wire_struct! {
    /// A GSM system.
    GsmSystem {
        common: SystemInfo,
        egprs_support: Option<bool> as Flagged,
        dtm_support: Option<bool> as Flagged,
    }
}

wire_struct! {
    /// A WCDMA system.
    WcdmaSystem {
        common: SystemInfo,
        hs_call_status: Option<HsService> as Flagged,
        hs_service: Option<HsService> as Flagged,
        psc: Option<u16> as Flagged,
    }
}

wire_struct! {
    /// An LTE system.
    LteSystem {
        common: SystemInfo,
        tac: Option<u16> as Flagged,
    }
}

wire_struct! {
    /// An NR system. The TAC here is too narrow for NR; `nr5g_tac` has the whole of it.
    NrSystem {
        common: SystemInfo,
        tac: Option<u16> as Flagged,
    }
}

wire_struct! {
    /// The last refusal of the network.
    Reject {
        domain: ServiceDomain,
        cause: RejectCause,
    }
}

wire_struct! {
    /// More about a GSM or WCDMA system.
    AdditionalInfo {
        /// 0xFFFF: not available.
        geo_index: u16,
        cell_broadcast: CellBroadcast,
    }
}

wire_enum! {
    /// Roaming as System Info has it, the other way round than [`RoamingIndicator`](super::RoamingIndicator) of Serving
    /// System.
    RoamingStatus: u8 {
        Home = 0x00,
        Roaming = 0x01,
        RoamingBlink = 0x02,
        OutOfNeighborhood = 0x03,
        OutOfBuilding = 0x04,
        PreferredSystem = 0x05,
        AvailableSystem = 0x06,
        AlliancePartner = 0x07,
        PremiumPartner = 0x08,
        FullService = 0x09,
        PartialService = 0x0A,
        BannerOn = 0x0B,
        BannerOff = 0x0C,
    }
}

wire_enum! {
    /// HSPA in a WCDMA cell.
    HsService: u8 {
        Unsupported = 0,
        Hsdpa = 1,
        Hsupa = 2,
        HsdpaHsupa = 3,
        HsdpaPlus = 4,
        HsdpaPlusHsupa = 5,
        DcHsdpaPlus = 6,
        DcHsdpaPlusHsupa = 7,
    }
}

wire_enum! {
    /// Whether a cell broadcasts messages.
    CellBroadcast: u32 {
        Unspecified = 0,
        Off = 1,
        On = 2,
    }
}

wire_enum! {
    /// What the network thinks of the SIM.
    SimReject: u32 {
        Unavailable = 0,
        Available = 1,
        CsInvalid = 2,
        PsInvalid = 3,
        CsPsInvalid = 4,
    }
}

wire_enum! {
    /// How voice calls go on LTE.
    LteVoiceDomain: u32 {
        None = 0,
        Ims = 1,
        Cdma1x = 2,
        ThreeGpp = 3,
    }
}

wire_enum! {
    /// The domains an LTE registration covers.
    LteRegistrationDomain: u32 {
        NotApplicable = 0,
        CsOnly = 1,
        PsOnly = 2,
        CsPs = 3,
        LimitedService = 4,
    }
}

wire_enum! {
    /// Which calls an LTE cell admits.
    LteCellAccess: u32 {
        NormalOnly = 0x00,
        EmergencyOnly = 0x01,
        NoCalls = 0x02,
        AllCalls = 0x03,
        Unspecified = 0xFF,
    }
}
