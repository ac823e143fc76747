//! The types of the UIM table.

use crate::qmi::Secret;
use crate::qmi::kinds::{wire_enum, wire_mask, wire_struct};
use crate::qmi::wire::{Count8, Count16, Len8};

wire_struct! {
    /// Whom a card operation is for. The default is the primary 3GPP application, which is nearly always right.
    Session {
        kind: SessionKind,
        /// AID; empty for provisioning sessions.
        application_id: Vec<u8> as Count8,
    }
}

wire_struct! {
    /// A file of the card (ETSI TS 102 221, 3GPP TS 31.102).
    File {
        id: u16,
        /// The directories above it, each as two little-endian bytes: MF is `00 3F`, the USIM `00 3F FF 7F`.
        path: Vec<u8> as Count8,
    }
}

wire_struct! {
    /// Which bytes to read.
    ReadRange {
        offset: u16,
        /// 0: to the end of the file.
        length: u16,
    }
}

wire_struct! {
    /// Bytes to write, and where.
    WriteRange {
        offset: u16,
        data: Vec<u8> as Count16,
    }
}

wire_struct! {
    /// Which record to read.
    Record {
        number: u16,
        length: u16,
    }
}

wire_struct! {
    /// The card's status words, ETSI TS 102 221 10.2.1.
    CardResult {
        sw1: u8,
        sw2: u8,
    }
}

wire_struct! {
    /// What a file is and who may use it.
    FileAttributes {
        file_size: u16,
        file_id: u16,
        file_type: FileType,
        record_size: u16,
        record_count: u16,
        read: AccessRule,
        write: AccessRule,
        increase: AccessRule,
        deactivate: AccessRule,
        activate: AccessRule,
        raw: Vec<u8> as Count16,
    }
}

wire_struct! {
    /// What must be verified before an operation on a file.
    AccessRule {
        logic: AccessLogic,
        keys: AccessKeys,
    }
}

wire_struct! {
    /// How often PIN and PUK may still be tried.
    Retries {
        verify: u8,
        unblock: u8,
    }
}

wire_struct! {
    /// Asking for the PIN, on or off.
    PinProtection {
        id: PinId,
        enabled: bool,
        pin: Secret as Len8,
    }
}

wire_struct! {
    /// A PIN to verify.
    PinEntry {
        id: PinId,
        pin: Secret as Len8,
    }
}

wire_struct! {
    /// A PUK and the PIN to set.
    PinUnblock {
        id: PinId,
        puk: Secret as Len8,
        new_pin: Secret as Len8,
    }
}

wire_struct! {
    /// A PIN and its successor.
    PinChange {
        id: PinId,
        old_pin: Secret as Len8,
        new_pin: Secret as Len8,
    }
}

wire_struct! {
    /// A key that lifts a lock.
    Depersonalization {
        feature: LockFeature,
        operation: DepersonalizationOperation,
        key: Secret as Len8,
    }
}

wire_struct! {
    /// Files to be told about.
    RefreshFiles {
        register: bool,
        vote_for_init: bool,
        files: Vec<File> as Count16,
    }
}

wire_struct! {
    /// A refresh that the card has asked for (ETSI TS 102 223 6.4.7).
    RefreshEvent {
        stage: RefreshStage,
        mode: RefreshMode,
        session: SessionKind,
        application_id: Vec<u8> as Count8,
        files: Vec<File> as Count16,
    }
}

wire_struct! {
    /// A provisioning session on or off.
    SessionChange {
        session: SessionKind,
        activate: bool,
    }
}

wire_struct! {
    /// An application of the card in a slot.
    Application {
        slot: u8,
        application_id: Vec<u8> as Count8,
    }
}

wire_struct! {
    /// A lock of the device and how often its keys may be tried.
    Lock {
        feature: LockFeature,
        verify_retries: u8,
        unblock_retries: u8,
    }
}

wire_enum! {
    /// Whom a card operation is for. GW means 3GPP, 1x means CDMA.
    SessionKind: u8 {
        PrimaryGwProvisioning = 0,
        Primary1xProvisioning = 1,
        SecondaryGwProvisioning = 2,
        Secondary1xProvisioning = 3,
        NonprovisioningSlot1 = 4,
        NonprovisioningSlot2 = 5,
        CardSlot1 = 6,
        CardSlot2 = 7,
        LogicalChannelSlot1 = 8,
        LogicalChannelSlot2 = 9,
    }
}

wire_enum! {
    /// What a device can be locked to. Beyond 10 numbered unlike [`LockFeatureStatus`](super::LockFeatureStatus).
    LockFeature: u8 {
        GwNetwork = 0,
        GwNetworkSubset = 1,
        GwServiceProvider = 2,
        GwCorporate = 3,
        GwUim = 4,
        Cdma1xNetworkType1 = 5,
        Cdma1xNetworkType2 = 6,
        Cdma1xHrpd = 7,
        Cdma1xServiceProvider = 8,
        Cdma1xCorporate = 9,
        Cdma1xRuim = 10,
        GwServiceProviderName = 11,
        GwSpEhplmn = 12,
        GwIccid = 13,
        GwImpi = 14,
        GwNetworkSubsetServiceProvider = 15,
        GwCarrier = 16,
    }
}

wire_enum! {
    /// What to do with a lock.
    DepersonalizationOperation: u8 {
        Deactivate = 0,
        Unblock = 1,
    }
}

wire_enum! {
    /// Which PIN.
    PinId: u8 {
        Unspecified = 0,
        Pin1 = 1,
        Pin2 = 2,
        Upin = 3,
        HiddenKey = 4,
    }
}

wire_mask! {
    /// Indications to ask for.
    Events: u32 {
        CARD_STATUS = 0x01,
        SAP_CONNECTION = 0x02,
        EXTENDED_CARD_STATUS = 0x04,
        PHYSICAL_SLOT_STATUS = 0x10,
    }
}

wire_mask! {
    /// Settings to ask for.
    Configuration: u32 {
        AUTOMATIC_SELECTION = 1,
        PERSONALIZATION_STATUS = 2,
        HALT_SUBSCRIPTION = 4,
    }
}

wire_enum! {
    /// Kinds of files.
    FileType: u8 {
        Transparent = 0,
        Cyclic = 1,
        LinearFixed = 2,
        DedicatedFile = 3,
        MasterFile = 4,
    }
}

wire_enum! {
    /// How the keys of an [`AccessRule`] combine.
    AccessLogic: u8 {
        Always = 0,
        Never = 1,
        And = 2,
        Or = 3,
        Single = 4,
    }
}

wire_mask! {
    /// Keys of an [`AccessRule`].
    AccessKeys: u16 {
        PIN1 = 1,
        PIN2 = 2,
        UPIN = 4,
        ADM = 8,
    }
}

wire_enum! {
    /// How far a refresh is.
    RefreshStage: u8 {
        WaitForOk = 0,
        Start = 1,
        EndWithSuccess = 2,
        EndWithFailure = 3,
    }
}

wire_enum! {
    /// What a refresh asks for.
    RefreshMode: u8 {
        Reset = 0,
        Init = 1,
        InitFcn = 2,
        Fcn = 3,
        InitFullFcn = 4,
        ApplicationReset = 5,
        Reset3g = 6,
    }
}
