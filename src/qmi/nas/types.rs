//! Types that several of the NAS tables share.

use crate::qmi::kinds::{wire_enum, wire_mask, wire_struct};
use crate::qmi::wire::Len8;

wire_enum! {
    /// Radio interfaces as NAS numbers them.
    RadioInterface: i8 {
        /// 0xFF: not known, or "do not change" in requests.
        Unspecified = -1,
        None = 0x00,
        Cdma1x = 0x01,
        Cdma1xEvdo = 0x02,
        Amps = 0x03,
        Gsm = 0x04,
        Umts = 0x05,
        Lte = 0x08,
        TdScdma = 0x09,
        Nr5g = 0x0C,
    }
}

wire_enum! {
    /// Circuit switched, packet switched.
    ServiceDomain: u8 {
        None = 0,
        Cs = 1,
        Ps = 2,
        CsPs = 3,
        Camped = 4,
    }
}

wire_enum! {
    /// What a cell offers.
    ServiceStatus: u8 {
        None = 0,
        Limited = 1,
        Available = 2,
        LimitedRegional = 3,
        PowerSave = 4,
    }
}

wire_enum! {
    /// Whether the network restricts registration.
    RegistrationRestriction: u32 {
        Unrestricted = 0,
        CampedOnly = 1,
        Limited = 2,
    }
}

wire_enum! {
    /// Which calls a cell admits.
    CallBarring: i32 {
        Unspecified = -1,
        NormalOnly = 0,
        EmergencyOnly = 1,
        NoCalls = 2,
        AllCalls = 3,
    }
}

wire_struct! {
    /// Which calls a cell admits, by domain.
    CallBarringStatus {
        cs: CallBarring,
        ps: CallBarring,
    }
}

wire_struct! {
    /// A network as numbers and its name. The name may be GSM-7 or UCS-2 whatever the table says.
    NamedPlmn {
        mcc: u16,
        mnc: u16,
        name: String as Len8,
    }
}

wire_enum! {
    /// Where a network's name was found.
    NameSource: u32 {
        Unspecified = 0,
        OperatorPlmnList = 1,
        CommonPcnHandset = 2,
        Nitz = 3,
        Se13 = 4,
        MccMnc = 5,
        ServiceProviderName = 6,
    }
}

wire_enum! {
    /// Why the network said no: 3GPP TS 24.008 10.5.3.6 and 10.5.5.14, TS 24.301 9.9.3.9.
    RejectCause: u8 {
        None = 0,
        ImsiUnknownInHlr = 2,
        IllegalUe = 3,
        ImsiUnknownInVlr = 4,
        ImeiNotAccepted = 5,
        IllegalMe = 6,
        PsServicesNotAllowed = 7,
        PsAndNonPsServicesNotAllowed = 8,
        UeIdentityNotDerivedByNetwork = 9,
        ImplicitlyDetached = 10,
        PlmnNotAllowed = 11,
        LocationAreaNotAllowed = 12,
        RoamingInLocationAreaNotAllowed = 13,
        PsServicesInPlmnNotAllowed = 14,
        NoSuitableCellsInLocationArea = 15,
        MscTemporarilyNotReachable = 16,
        NetworkFailure = 17,
        CsDomainNotAvailable = 18,
        EsmFailure = 19,
        MacFailure = 20,
        SynchFailure = 21,
        Congestion = 22,
        UeSecurityCapabilitiesMismatch = 23,
        SecurityModeRejected = 24,
        CsgNotAuthorized = 25,
        NonEpsAuthenticationUnacceptable = 26,
        SmsProvidedByGprsInRoutingArea = 28,
        RedirectionTo5gcnRequired = 31,
        ServiceOptionNotSupported = 32,
        ServiceOptionNotSubscribed = 33,
        ServiceOptionTemporarilyOutOfOrder = 34,
        ServiceOptionNotAuthorized = 35,
        CallCannotBeIdentified = 38,
        CsServiceTemporarilyNotAvailable = 39,
        NoEpsBearerContextActivated = 40,
        SevereNetworkFailure = 42,
        SemanticallyIncorrectMessage = 95,
        InvalidMandatoryInformation = 96,
        MessageTypeNonExistent = 97,
        MessageTypeNotCompatible = 98,
        InformationElementNonExistent = 99,
        ConditionalInformationElementError = 100,
        MessageNotCompatible = 101,
        UnspecifiedProtocolError = 111,
    }
}

wire_mask! {
    /// Radio access technologies to use.
    ModePreference: u16 {
        CDMA_1X = 0x01,
        CDMA_1X_EVDO = 0x02,
        GSM = 0x04,
        UMTS = 0x08,
        LTE = 0x10,
        TD_SCDMA = 0x20,
        NR5G = 0x40,
    }
}

wire_mask! {
    /// GSM, WCDMA and CDMA bands; no bit is named here. LTE and NR bands have masks of their own.
    BandPreference: u64 {}
}
