//! A sum to tell things apart by: short, the same everywhere and always, and no secret.

/// FNV-1a of 64 bits.
#[must_use]
pub fn fnv_1a(octets: &[u8]) -> u64 {
    fnv_1a_on(0xcbf2_9ce4_8422_2325, octets)
}

/// The same, continued from the sum of what came before.
#[must_use]
pub fn fnv_1a_on(sum: u64, octets: &[u8]) -> u64 {
    octets.iter().fold(sum, |sum, octet| (sum ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of the function's authors.
    #[test]
    fn it_is_the_known_one() {
        assert_eq!(fnv_1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv_1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv_1a(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(fnv_1a_on(fnv_1a(b"foo"), b"bar"), fnv_1a(b"foobar"));
    }
}
