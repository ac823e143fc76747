//! The types of the DMS table.

use crate::qmi::Secret;
use crate::qmi::kinds::{wire_enum, wire_mask, wire_struct};
use crate::qmi::wire::{Count8, Len8, Low48};

wire_struct! {
    /// Battery levels in percent between which nothing is reported.
    Limits {
        lower: u8,
        upper: u8,
    }
}

wire_struct! {
    /// Power supply and battery.
    PowerState {
        flags: u8,
        /// Percent.
        battery: u8,
    }
}

wire_struct! {
    /// What the device can do.
    Capabilities {
        /// Bits per second.
        max_tx_rate: u32,
        /// Bits per second.
        max_rx_rate: u32,
        data_service: DataServiceCapability,
        sim: SimCapability,
        radio_interfaces: Vec<RadioInterface> as Count8,
    }
}

wire_struct! {
    /// A PIN and how often it may still be tried.
    PinStatus {
        status: PinState,
        verify_retries: u8,
        unblock_retries: u8,
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
    /// The device's own clock.
    DeviceTime {
        /// In units of 1.25 ms since 6 January 1980.
        count: u64 as Low48,
        source: TimeSource,
    }
}

wire_struct! {
    /// One kind of lock.
    FacilityStatus {
        state: FacilityState,
        verify_retries: u8,
        unblock_retries: u8,
    }
}

wire_enum! {
    /// Operating modes.
    OperatingMode: u8 {
        Online = 0,
        LowPower = 1,
        FactoryTest = 2,
        Offline = 3,
        Reset = 4,
        ShuttingDown = 5,
        /// Survives a restart of the modem.
        PersistentLowPower = 6,
        ModeOnlyLowPower = 7,
        Unspecified = 0xFF,
    }
}

wire_mask! {
    /// Why the modem stays offline.
    OfflineReason: u16 {
        HOST_IMAGE_MISCONFIGURATION = 1,
        PRI_IMAGE_MISCONFIGURATION = 2,
        PRI_VERSION_INCOMPATIBLE = 4,
        DEVICE_MEMORY_FULL = 8,
    }
}

wire_enum! {
    /// The card as DMS sees it.
    UimState: u8 {
        InitializationCompleted = 0,
        LockedOrFailed = 1,
        NotPresent = 2,
        Reserved = 3,
        Unspecified = 0xFF,
    }
}

wire_enum! {
    /// A PIN as DMS sees it.
    PinState: u8 {
        NotInitialized = 0,
        EnabledNotVerified = 1,
        EnabledVerified = 2,
        Disabled = 3,
        Blocked = 4,
        PermanentlyBlocked = 5,
        Unblocked = 6,
        Changed = 7,
    }
}

wire_enum! {
    /// Which PIN.
    PinId: u8 {
        Pin1 = 1,
        Pin2 = 2,
    }
}

wire_enum! {
    /// Radio interfaces as DMS numbers them; NAS numbers NR otherwise.
    RadioInterface: u8 {
        Cdma1x = 0x01,
        Evdo = 0x02,
        Gsm = 0x04,
        Umts = 0x05,
        Lte = 0x08,
        TdScdma = 0x09,
        Nr5g = 0x0A,
    }
}

wire_enum! {
    /// Circuit and packet switched service together or not.
    DataServiceCapability: u8 {
        None = 0,
        Cs = 1,
        Ps = 2,
        SimultaneousCsPs = 3,
        NonSimultaneousCsPs = 4,
    }
}

wire_enum! {
    /// Whether the device takes a SIM.
    SimCapability: u8 {
        NotSupported = 1,
        Supported = 2,
    }
}

wire_enum! {
    /// CDMA activation.
    ActivationState: u16 {
        NotActivated = 0x00,
        Activated = 0x01,
        Connecting = 0x02,
        Connected = 0x03,
        OtaspAuthenticated = 0x04,
        OtaspNam = 0x05,
        OtaspMdn = 0x06,
        OtaspImsi = 0x07,
        OtaspPrl = 0x08,
        OtaspSpc = 0x09,
        OtaspCommitted = 0x0A,
    }
}

wire_enum! {
    /// Where the time came from.
    TimeSource: u16 {
        Device = 0,
        CdmaNetwork = 1,
        HdrNetwork = 2,
    }
}

wire_enum! {
    /// What a device can be locked to.
    Facility: u8 {
        Network = 0,
        NetworkSubset = 1,
        ServiceProvider = 2,
        Corporate = 3,
        PhoneToSim = 4,
    }
}

wire_enum! {
    /// A lock.
    FacilityState: u8 {
        Deactivated = 0,
        Activated = 1,
        Blocked = 2,
    }
}
