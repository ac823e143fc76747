//! SHA-256 as people write it.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The sum of these bytes in 64 hexadecimal digits.
pub(super) fn of(bytes: &[u8]) -> String {
    let sum: [u8; 32] = Sha256::digest(bytes).into();
    sum.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn of_a_known_text() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::of(b"abc"), abc, "FIPS 180-2, B.1");
    }
}
