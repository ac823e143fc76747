//! The numbers of the QMI services. Only those with a table here are spoken; the rest are named for the log.

use super::kinds::wire_enum;

wire_enum! {
    /// A QMI service, the second half of every address.
    Service: u8 {
        /// Control: client ids, sync, versions. Always client 0.
        Ctl = 0x00,
        /// Wireless data: the data session.
        Wds = 0x01,
        /// Device management: identity, operating mode.
        Dms = 0x02,
        /// Network access: registration, signal, selection.
        Nas = 0x03,
        Qos = 0x04,
        Wms = 0x05,
        Pds = 0x06,
        Voice = 0x09,
        Cat2 = 0x0A,
        /// The SIM card.
        Uim = 0x0B,
        Pbm = 0x0C,
        Loc = 0x10,
        Sar = 0x11,
        Ims = 0x12,
        Time = 0x16,
        Tmd = 0x18,
        Sap = 0x19,
        /// Wireless data administration: the format of packets on the USB or PCIe pipe.
        Wda = 0x1A,
        Imsp = 0x1F,
        Imsa = 0x21,
        Coex = 0x22,
        /// Persistent device configuration: carrier configurations.
        Pdc = 0x24,
        Rfrpe = 0x29,
        /// Data system determination: which system carries data.
        Dsd = 0x2A,
        Ssctl = 0x2B,
        /// Data port mapper, on SoC modems.
        Dpm = 0x2F,
        UimRemote = 0x32,
        Cat = 0xE0,
        Rms = 0xE1,
        Oma = 0xE2,
        Fox = 0xE3,
        Fota = 0xE6,
        Gms = 0xE7,
        Gas = 0xE8,
        Atr = 0xED,
    }
}
