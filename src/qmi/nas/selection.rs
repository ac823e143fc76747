//! NAS, the part about choosing: scans, manual registration, technologies, bands, preferred networks.

use super::types::*;
use crate::qmi::bands::{ExtendedLteBands, LteBands, NrBands};
use crate::qmi::kinds::{wire_enum, wire_mask, wire_struct};
use crate::qmi::plmn::ExactPlmn;
use crate::qmi::table::service;
use crate::qmi::wire::{Count8, Count16, Len8};

service! { Nas;
    /// Looks for networks; takes minutes. Abortable.
    0x0021 network_scan {
        request {
            0x10 network_types: ScanTypes,
        }
        response {
            0x10 networks: Vec<ScannedNetwork> as Count16,
            0x11 radio_interfaces: Vec<ScannedRadio> as Count16,
            0x12 plmn_digits: Vec<ExactPlmn> as Count16,
            0x13 result: ScanResult,
        }
    }

    /// Registers with a given network, or leaves the choice to the modem.
    0x0022 initiate_network_register {
        request {
            0x01 action: RegisterAction,
            0x10 network: ManualNetwork,
            0x11 duration: ChangeDuration,
            0x12 three_digit_mnc: bool,
        }
        response {}
    }

    /// The networks the SIM prefers.
    0x0026 get_preferred_networks {
        request {}
        response {
            0x10 networks: Vec<PreferredNetwork> as Count16,
            0x11 static_networks: Vec<PreferredNetwork> as Count16,
            0x12 plmn_digits: Vec<ExactPlmn> as Count8,
            0x13 static_plmn_digits: Vec<ExactPlmn> as Count8,
        }
    }

    /// Writes the networks the SIM prefers.
    0x0027 set_preferred_networks {
        request {
            0x10 networks: Vec<PreferredNetwork> as Count16,
            0x11 plmn_digits: Vec<ExactPlmn> as Count8,
            0x12 clear_previous: bool,
        }
        response {}
    }

    /// Technologies to use, on Gobi modems; System Selection Preference replaced it.
    0x002A set_technology_preference {
        request {
            0x01 preference: TechnologyPreference,
        }
        response {}
    }

    /// Technologies to use, on Gobi modems.
    0x002B get_technology_preference {
        request {}
        response {
            0x01 active: TechnologyPreference,
            0x10 persistent: Technologies,
        }
    }

    /// Which technologies, bands and networks to use. Masks replace, they do not add; read them back, for unsupported
    /// bits may be dropped without a word.
    0x0033 set_system_selection_preference {
        request {
            0x17 duration: ChangeDuration,
            0x10 emergency_mode: bool,
            0x11 mode_preference: ModePreference,
            0x12 band_preference: BandPreference,
            0x14 roaming_preference: RoamingPreference,
            0x15 lte_bands: LteBands,
            0x16 network_selection: NetworkSelection,
            0x18 service_domain: ServiceDomainPreference,
            0x19 gsm_wcdma_order: GsmWcdmaOrder,
            0x1A three_digit_mnc: bool,
            0x1E acquisition_order: Vec<RadioInterface> as Count8,
            0x1F registration_restriction: RegistrationRestriction,
            0x21 usage: UsagePreference,
            0x23 voice_domain: VoiceDomainPreference,
            0x24 extended_lte_bands: ExtendedLteBands,
            0x2F nr5g_sa_bands: NrBands,
            0x30 nr5g_nsa_bands: NrBands,
        }
        response {}
    }

    /// The same as they are in force.
    0x0034 get_system_selection_preference {
        request {}
        response {
            0x10 emergency_mode: bool,
            0x11 mode_preference: ModePreference,
            0x12 band_preference: BandPreference,
            0x14 roaming_preference: RoamingPreference,
            0x15 lte_bands: LteBands,
            0x16 network_selection: SelectionMode,
            0x18 service_domain: ServiceDomainPreference,
            0x19 gsm_wcdma_order: GsmWcdmaOrder,
            0x1B manual_network: ExactPlmn,
            0x1C acquisition_order: Vec<RadioInterface> as Count8,
            0x1D registration_restriction: RegistrationRestriction,
            0x1F usage: UsagePreference,
            0x20 voice_domain: VoiceDomainPreference,
            0x22 disabled_modes: ModePreference,
            0x23 extended_lte_bands: ExtendedLteBands,
            0x2C nr5g_sa_bands: NrBands,
            0x2D nr5g_nsa_bands: NrBands,
        }
    }

    /// Looks for networks now, where the modem would wait.
    0x0067 force_network_search {
        request {}
        response {}
    }

    /// Looks for networks and tells them as they are found. Abortable.
    0x0085 incremental_network_scan {
        request {
            0x10 network_types: ScanTypes,
        }
        response {}
    }

    /// What an incremental scan has found.
    0x0085 incremental_network_scan_result {
        indication {
            0x01 status: IncrementalScanStatus,
            0x10 networks: Vec<IncrementalNetwork> as Count16,
        }
    }
}

wire_struct! {
    /// A network in sight.
    ScannedNetwork {
        mcc: u16,
        mnc: u16,
        status: NetworkStatus,
        name: String as Len8,
    }
}

wire_struct! {
    /// The radio interface of a network in sight.
    ScannedRadio {
        mcc: u16,
        mnc: u16,
        radio_interface: RadioInterface,
    }
}

wire_struct! {
    /// A network in sight, complete.
    IncrementalNetwork {
        mcc: u16,
        mnc: u16,
        status: NetworkStatus,
        radio_interface: RadioInterface,
        three_digits: bool,
        name: String as Len8,
    }
}

wire_struct! {
    /// A network to register with.
    ManualNetwork {
        mcc: u16,
        mnc: u16,
        radio_interface: RadioInterface,
    }
}

wire_struct! {
    /// A network the SIM prefers.
    PreferredNetwork {
        mcc: u16,
        mnc: u16,
        technologies: PlmnTechnologies,
    }
}

wire_struct! {
    /// Technologies and for how long.
    TechnologyPreference {
        technologies: Technologies,
        duration: PreferenceDuration,
    }
}

wire_struct! {
    /// Who chooses the network; MCC and MNC count only for a manual choice.
    NetworkSelection {
        mode: SelectionMode,
        mcc: u16,
        mnc: u16,
    }
}

wire_mask! {
    /// Technologies to scan; numbered unlike [`ModePreference`].
    ScanTypes: u8 {
        GSM = 0x01,
        UMTS = 0x02,
        LTE = 0x04,
        TD_SCDMA = 0x08,
        NR5G = 0x10,
    }
}

wire_enum! {
    /// How a scan went.
    ScanResult: u32 {
        Success = 0,
        Abort = 1,
        RadioLinkFailure = 2,
    }
}

wire_enum! {
    /// How far an incremental scan is.
    IncrementalScanStatus: u32 {
        Complete = 0,
        Partial = 1,
        Aborted = 2,
    }
}

wire_mask! {
    /// What a network in sight is to us.
    NetworkStatus: u8 {
        CURRENT_SERVING = 0x01,
        AVAILABLE = 0x02,
        HOME = 0x04,
        ROAMING = 0x08,
        FORBIDDEN = 0x10,
        NOT_FORBIDDEN = 0x20,
        PREFERRED = 0x40,
        NOT_PREFERRED = 0x80,
    }
}

wire_enum! {
    /// Who chooses the network to register with.
    RegisterAction: u8 {
        Automatic = 1,
        Manual = 2,
    }
}

wire_enum! {
    /// How long a change holds.
    ChangeDuration: u8 {
        UntilPowerCycle = 0,
        Permanent = 1,
    }
}

wire_enum! {
    /// How long a technology preference holds.
    PreferenceDuration: u8 {
        Permanent = 0,
        PowerCycle = 1,
        OneCall = 2,
        OneCallOrTime = 3,
    }
}

wire_mask! {
    /// Technologies of Gobi modems.
    Technologies: u16 {
        THREE_GPP2 = 0x01,
        THREE_GPP = 0x02,
        AMPS_OR_GSM = 0x04,
        CDMA_OR_WCDMA = 0x08,
        HDR = 0x10,
        LTE = 0x20,
    }
}

wire_mask! {
    /// Access technologies of a network, 3GPP TS 31.102 4.2.5 in QMI's byte order.
    PlmnTechnologies: u16 {
        GSM_COMPACT = 0x0040,
        GSM = 0x0080,
        NG_RAN = 0x0800,
        E_UTRAN = 0x4000,
        UTRAN = 0x8000,
    }
}

wire_enum! {
    /// Whether to use networks that are not home.
    RoamingPreference: u16 {
        Off = 0x01,
        NotOff = 0x02,
        NotFlashing = 0x03,
        Any = 0xFF,
    }
}

wire_enum! {
    /// Who chooses the network.
    SelectionMode: u8 {
        Automatic = 0,
        Manual = 1,
    }
}

wire_enum! {
    /// The domains to register with.
    ServiceDomainPreference: u32 {
        CsOnly = 0,
        PsOnly = 1,
        CsPs = 2,
        PsAttach = 3,
        PsDetach = 4,
    }
}

wire_enum! {
    /// Which of the two to look for first.
    GsmWcdmaOrder: u32 {
        Automatic = 0,
        GsmFirst = 1,
        WcdmaFirst = 2,
    }
}

wire_enum! {
    /// What the device is for.
    UsagePreference: u32 {
        Unspecified = 0,
        VoiceCentric = 1,
        DataCentric = 2,
    }
}

wire_enum! {
    /// How voice calls should go.
    VoiceDomainPreference: u32 {
        CsOnly = 0,
        PsOnly = 1,
        CsPreferred = 2,
        PsPreferred = 3,
    }
}
