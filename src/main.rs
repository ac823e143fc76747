//! The `wwan` binary.
#![forbid(unsafe_code)]

fn main() {}
