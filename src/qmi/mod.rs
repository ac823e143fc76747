//! QMI: bytes and messages.
