//! A message of an exporter, and how many and how large they may be.

use hyper::body::Bytes;

/// Bytes of a message. A batch of 256 changes has less as line protocol, and a third of it as anything binary.
pub(super) const LARGEST: usize = 64 << 10;
/// Bytes of a datagram: what arrives in one piece on every link that a modem makes.
pub(super) const LARGEST_DATAGRAM: usize = 1400;
/// Messages in one call: one for each change is no good use, some for each outlet are.
pub(super) const IN_ONE_CALL: usize = 32;
/// Characters of a media type with its parameters.
const MEDIA_TYPE: usize = 100;

/// What an exporter wants to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// The outlet, by its number.
    pub outlet: usize,
    /// Media type of the bytes; empty but for a POST request.
    pub content_type: String,
    /// The bytes.
    pub bytes: Bytes,
}

/// Whether a text may be the value of `Content-Type`: nothing in it may end the header.
pub(super) fn is_media_type(text: &str) -> bool {
    (1..=MEDIA_TYPE).contains(&text.len()) && text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::is_media_type;

    #[test]
    fn a_media_type_cannot_end_its_header() {
        assert!(is_media_type("text/plain; charset=utf-8"));
        for bad in ["", "text/plain\r\nX: y", "text/pl\u{e4}in", "a\0", &"a".repeat(101)] {
            assert!(!is_media_type(bad), "{bad:?}");
        }
    }
}
