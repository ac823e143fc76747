//! NAS's own numbering of the band in use: neither 3GPP's band numbers nor the bits of the preference masks.

use std::fmt;

use crate::qmi::wire::{Malformed, Reader, Wire};

/// LTE bands in the order of their numbers here, the first being 120.
const LTE: [u16; 49] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17, 33, 34, 35, 36, 37, 38, 39, 40, 18, 19, 20, 21, 24, 25, 41, 42,
    43, 23, 26, 32, 125, 126, 127, 28, 29, 30, 66, 250, 46, 27, 31, 47, 48, 71,
];
const LTE_FIRST: u16 = 120;

/// NR bands in the order of their numbers here, the first being 250.
const NR5G: [u16; 52] = [
    1, 2, 3, 5, 7, 8, 20, 28, 38, 41, 50, 51, 66, 70, 71, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 257, 258,
    259, 260, 261, 12, 25, 34, 39, 40, 65, 86, 48, 14, 13, 18, 26, 30, 29, 53, 46, 91, 92, 93, 94,
];
const NR5G_FIRST: u16 = 250;

const GSM: [&str; 9] =
    ["450", "480", "750", "850", "900 Extended", "900 Primary", "900 Railways", "DCS 1800", "PCS 1900"];
const GSM_FIRST: u16 = 40;

const WCDMA: [&str; 12] = [
    "2100",
    "PCS 1900",
    "DCS 1800",
    "1700 US",
    "850",
    "800",
    "2600",
    "900",
    "1700 Japan",
    "",
    "1500 Japan",
    "850 Japan",
];
const WCDMA_FIRST: u16 = 80;

/// The band in use.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActiveBand(pub u16);

impl ActiveBand {
    /// The number here of an LTE band.
    pub fn from_lte(band: u16) -> Option<Self> {
        number(&LTE, LTE_FIRST, band).map(Self)
    }

    /// The number here of an NR band.
    pub fn from_nr5g(band: u16) -> Option<Self> {
        number(&NR5G, NR5G_FIRST, band).map(Self)
    }

    /// The LTE band, 3GPP TS 36.101 5.5, if it is one.
    pub fn lte(self) -> Option<u16> {
        entry(&LTE, LTE_FIRST, self.0).copied()
    }

    /// The NR band, 3GPP TS 38.101 5.2, if it is one.
    pub fn nr5g(self) -> Option<u16> {
        entry(&NR5G, NR5G_FIRST, self.0).copied()
    }
}

fn entry<T>(table: &[T], first: u16, number: u16) -> Option<&T> {
    table.get(usize::from(number.checked_sub(first)?))
}

fn number(table: &[u16], first: u16, band: u16) -> Option<u16> {
    (first..).zip(table).find_map(|(number, entry)| (*entry == band).then_some(number))
}

/// `LTE Band 3`, `NR Band n78`, `WCDMA 2100`.
impl fmt::Display for ActiveBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(band) = self.lte() {
            write!(f, "LTE Band {band}")
        } else if let Some(band) = self.nr5g() {
            write!(f, "NR Band n{band}")
        } else if let Some(name) = entry(&GSM, GSM_FIRST, self.0) {
            write!(f, "GSM {name}")
        } else if let Some(name) = entry(&WCDMA, WCDMA_FIRST, self.0).filter(|name| !name.is_empty()) {
            write!(f, "WCDMA {name}")
        } else {
            match self.0 {
                class @ 0..=19 => write!(f, "CDMA Band Class {class}"),
                other => write!(f, "Unknown Band {other}"),
            }
        }
    }
}

impl fmt::Debug for ActiveBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Wire for ActiveBand {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        u16::get(r).map(Self)
    }
}
