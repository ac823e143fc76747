//! Radio bands in the form QMI has for wanting them: bit masks. The band in use has another form, `nas::ActiveBand`.

use std::fmt;

use super::wire::{Malformed, Reader, Wire};

/// A set of bands: bit n−1 is band n. `N` words of 64 bands, low words first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bands<const N: usize>(pub [u64; N]);

/// LTE bands 1 to 64.
pub type LteBands = Bands<1>;
/// LTE bands 1 to 256.
pub type ExtendedLteBands = Bands<4>;
/// NR bands 1 to 512.
pub type NrBands = Bands<8>;

impl<const N: usize> Bands<N> {
    /// The bands in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        (0..N * 64).filter(|bit| self.0[bit / 64] >> (bit % 64) & 1 == 1).map(|bit| bit as u16 + 1)
    }
}

/// Bands beyond the width of the mask are left out.
impl<const N: usize> FromIterator<u16> for Bands<N> {
    fn from_iter<I: IntoIterator<Item = u16>>(bands: I) -> Self {
        let mut mask = [0; N];
        for bit in bands.into_iter().filter_map(|band| usize::from(band).checked_sub(1)) {
            if let Some(word) = mask.get_mut(bit / 64) {
                *word |= 1 << (bit % 64);
            }
        }
        Self(mask)
    }
}

impl<const N: usize> Default for Bands<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> fmt::Debug for Bands<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<const N: usize> Wire for Bands<N> {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Wire::get(r).map(Self)
    }
}
