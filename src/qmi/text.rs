//! The alphabets networks and cards write names in: GSM 7-bit and UCS-2.

/// 3GPP TS 23.038 6.2.1, the default alphabet. Its escape to the extension table reads as a space.
const GSM7: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', 'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω',
    'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', ' ', 'Æ', 'æ', 'ß', 'É', ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',',
    '-', '.', '/', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', '¡', 'A', 'B', 'C',
    'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
    'Ä', 'Ö', 'Ñ', 'Ü', '§', '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q',
    'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// GSM 7-bit, one character in each byte.
pub fn gsm7(septets: impl Iterator<Item = u8>) -> String {
    septets.map(|septet| GSM7[usize::from(septet & 0x7F)]).collect()
}

/// GSM 7-bit, eight characters in seven bytes, with so many unused bits at the end (3GPP TS 23.038 6.1.2.1). 0 unused
/// bits may mean "not told", and then a name of seven characters looks as if it ended in `@`.
pub fn gsm7_packed(bytes: &[u8], spare_bits: u8) -> String {
    let bits = (bytes.len() * 8).saturating_sub(usize::from(spare_bits));
    let septet = |index: usize| {
        let (byte, shift) = (index * 7 / 8, index * 7 % 8);
        let high = bytes.get(byte + 1).copied().unwrap_or(0);
        (u16::from_le_bytes([bytes[byte], high]) >> shift) as u8
    };
    let mut text = gsm7((0..bits / 7).map(septet));
    if spare_bits == 0 && bytes.len().is_multiple_of(7) && text.ends_with('@') {
        text.pop();
    }
    text
}

/// UCS-2 in whichever byte order makes more of it Latin; little-endian where that does not tell.
pub fn ucs2(bytes: &[u8]) -> String {
    let zeros = |at: usize| bytes.chunks_exact(2).filter(|unit| unit[at] == 0).count();
    if zeros(0) > zeros(1) { ucs2_be(bytes) } else { utf16(bytes, u16::from_le_bytes) }
}

/// UCS-2, big-endian as 3GPP writes it.
pub fn ucs2_be(bytes: &[u8]) -> String {
    utf16(bytes, u16::from_be_bytes)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units.take_while(|unit| *unit != 0)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
