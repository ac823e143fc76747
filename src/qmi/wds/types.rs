//! Types that several of the WDS tables share, and why sessions end.

use crate::qmi::kinds::{wire_enum, wire_mask, wire_struct};

wire_enum! {
    /// The IP family of a client and its session.
    IpFamily: u8 {
        Ipv4 = 0x04,
        Ipv6 = 0x06,
        Unspecified = 0x08,
        Ethernet = 0x0C,
    }
}

wire_mask! {
    /// How to authenticate; both bits: let the modem choose.
    Authentication: u8 {
        PAP = 1,
        CHAP = 2,
    }
}

wire_enum! {
    /// What the session carries, as profiles have it.
    PdpType: u8 {
        Ipv4 = 0,
        Ppp = 1,
        Ipv6 = 2,
        Ipv4OrIpv6 = 3,
        NonIp = 4,
    }
}

wire_mask! {
    /// Families of standards to use.
    TechnologyPreference: u8 {
        THREE_GPP = 1,
        THREE_GPP2 = 2,
    }
}

wire_enum! {
    /// The technology of the session.
    ExtendedTechnology: u16 {
        Cdma = 0x8001,
        Umts = 0x8004,
        WlanLocalBreakout = 0x8020,
        IwlanS2b = 0x8021,
        Epc = 0x8880,
        Embms = 0x8882,
        ModemLinkLocal = 0x8888,
    }
}

wire_enum! {
    /// The family of standards of a bearer.
    BearerNetwork: u8 {
        ThreeGpp = 0,
        ThreeGpp2 = 1,
    }
}

wire_enum! {
    /// Which profiles.
    ProfileType: u8 {
        ThreeGpp = 0x00,
        ThreeGpp2 = 0x01,
        Epc = 0x02,
        All = 0xFF,
    }
}

wire_struct! {
    /// A stored profile.
    ProfileId {
        kind: ProfileType,
        index: u8,
    }
}

wire_struct! {
    /// Why a session ended or did not begin, in two parts.
    VerboseCallEndReason {
        kind: CallEndKind,
        /// Its meaning depends on `kind`; [`CallEndKind::ThreeGpp`]: [`SessionCause`].
        reason: i16,
    }
}

impl VerboseCallEndReason {
    /// The network's cause, where it is the network that said no.
    pub fn cause(&self) -> Option<SessionCause> {
        (self.kind == CallEndKind::ThreeGpp).then_some(u16::from_le_bytes(self.reason.to_le_bytes()).into())
    }
}

wire_enum! {
    /// Who ended a session.
    CallEndKind: u16 {
        MobileIp = 1,
        Internal = 2,
        CallManager = 3,
        ThreeGpp = 6,
        Ppp = 7,
        Ehrpd = 8,
        Ipv6 = 9,
        Handoff = 12,
    }
}

wire_enum! {
    /// Why the network ended a session or refused it: up to 111 as in 3GPP TS 24.008 10.5.6.6 and TS 24.301 9.9.4.4,
    /// above that Qualcomm's own.
    SessionCause: u16 {
        OperatorDeterminedBarring = 8,
        LlcSndcpFailure = 25,
        InsufficientResources = 26,
        UnknownApn = 27,
        UnknownPdp = 28,
        AuthenticationFailed = 29,
        GgsnReject = 30,
        ActivationReject = 31,
        OptionNotSupported = 32,
        OptionUnsubscribed = 33,
        OptionTemporarilyOutOfOrder = 34,
        NsapiAlreadyUsed = 35,
        RegularDeactivation = 36,
        QosNotAccepted = 37,
        NetworkFailure = 38,
        ReattachRequired = 39,
        FeatureNotSupported = 40,
        TftSemanticError = 41,
        TftSyntaxError = 42,
        UnknownPdpContext = 43,
        FilterSemanticError = 44,
        FilterSyntaxError = 45,
        PdpWithoutActiveTft = 46,
        Ipv4OnlyAllowed = 50,
        Ipv6OnlyAllowed = 51,
        SingleAddressBearerOnly = 52,
        EsmInfoNotReceived = 53,
        PdnConnectionDoesNotExist = 54,
        MultipleConnectionToSamePdnNotAllowed = 55,
        InvalidTransactionId = 81,
        MessageIncorrectSemantic = 95,
        InvalidMandatoryInfo = 96,
        MessageTypeUnsupported = 97,
        MessageTypeNoncompatibleState = 98,
        UnknownInfoElement = 99,
        ConditionalIeError = 100,
        MessageAndProtocolStateUncompatible = 101,
        ProtocolError = 111,
        ApnTypeConflict = 112,
        InvalidPcscfAddress = 113,
        InternalCallPreemptedByHighPriorityApn = 114,
        EmmAccessBarred = 115,
        EmergencyInterfaceOnly = 116,
        InterfaceMismatch = 117,
        CompanionInterfaceInUse = 118,
        IpAddressMismatch = 119,
        InterfaceAndPolicyFamilyMismatch = 120,
        EmmAccessBarredInfiniteRetry = 121,
        AuthenticationFailureOnEmergencyCall = 122,
        InvalidDnsAddress = 123,
        InvalidPcscfDnsAddress = 124,
        TestLoopbackModeEnabled = 125,
        EmmAccessBarredEab = 126,
        CallPreemptedByEmergencyApn = 127,
        UeInitDetachOrDisconnect = 128,
    }
}

/// Reasons of [`CallEndKind::Internal`] and [`CallEndKind::CallManager`] that change what one does next.
pub mod reason {
    /// Internal: the network ended the session.
    pub const NETWORK_INITIATED_TERMINATION: i16 = 206;
    /// Internal: this IP family is not allowed on the APN.
    pub const PDN_IPV4_CALL_DISALLOWED: i16 = 208;
    /// Internal: dialled too often, the modem itself refuses for a while.
    pub const PDN_IPV4_CALL_THROTTLED: i16 = 209;
    /// Internal: this IP family is not allowed on the APN.
    pub const PDN_IPV6_CALL_DISALLOWED: i16 = 210;
    /// Internal: dialled too often, the modem itself refuses for a while.
    pub const PDN_IPV6_CALL_THROTTLED: i16 = 211;
    /// Internal: the modem restarts.
    pub const MODEM_RESTART: i16 = 212;
    /// Internal: the radio is being turned off.
    pub const LOW_POWER_OR_POWER_DOWN: i16 = 219;
    /// Internal: the profile's APN is disabled.
    pub const APN_DISABLED: i16 = 220;
    /// Internal: the session is up already.
    pub const CALL_ALREADY_PRESENT: i16 = 236;
    /// Internal: someone else uses the data pipe.
    pub const INTERFACE_IN_USE: i16 = 237;
    /// Internal: the profile forbids roaming.
    pub const APN_DISALLOWED_ON_ROAMING: i16 = 239;
    /// Internal: roaming data is off.
    pub const DATA_ROAMING_SETTINGS_DISABLED: i16 = 246;
    /// Internal: no such name is possible.
    pub const INVALID_APN_NAME: i16 = 253;
    /// Internal: no session abroad.
    pub const CALL_DISALLOWED_IN_ROAMING: i16 = 255;
    /// Call manager: the host ended the session.
    pub const CLIENT_END: i16 = 2000;
    /// Call manager: no network.
    pub const NO_SERVICE: i16 = 2001;
    /// Call manager: the signal is gone.
    pub const FADE: i16 = 2002;
    /// Call manager: the network ended the session in order.
    pub const RELEASE_NORMAL: i16 = 2003;
    /// Call manager: the modem is offline.
    pub const OFFLINE: i16 = 2500;
    /// Call manager: the SIM cannot do it.
    pub const INVALID_SIM_STATE: i16 = 2504;
}

wire_enum! {
    /// Why a session ended or did not begin, the older form.
    CallEndReason: u16 {
        Unspecified = 1,
        ClientEnd = 2,
        NoService = 3,
        Fade = 4,
        ReleaseNormal = 5,
        AccessAttemptInProgress = 6,
        AccessFailure = 7,
        RedirectionOrHandoff = 8,
        CloseInProgress = 9,
        AuthenticationFailed = 10,
        InternalError = 11,
        ConferenceFailed = 1000,
        IncomingRejected = 1001,
        NoGatewayService = 1002,
        NetworkEnd = 1003,
        LlcSndcpFailure = 1004,
        InsufficientResources = 1005,
        OptionTemporarilyOutOfOrder = 1006,
        NsapiAlreadyUsed = 1007,
        RegularDeactivation = 1008,
        NetworkFailure = 1009,
        ReattachRequired = 1010,
        ProtocolError = 1011,
        OperatorDeterminedBarring = 1012,
        UnknownApn = 1013,
        UnknownPdp = 1014,
        GgsnReject = 1015,
        ActivationReject = 1016,
        OptionNotSupported = 1017,
        OptionUnsubscribed = 1018,
        QosNotAccepted = 1019,
        TftSemanticError = 1020,
        TftSyntaxError = 1021,
        UnknownPdpContext = 1022,
        FilterSemanticError = 1023,
        FilterSyntaxError = 1024,
        PdpWithoutActiveTft = 1025,
        ApnTypeConflict = 1034,
        NoGprsContext = 1035,
        FeatureNotSupported = 1036,
    }
}
