//! Text that must not reach a log: PINs, PUKs, passwords.

use std::fmt;

use super::wire::{Layout, Len8, Malformed, Reader, Wire};

/// A PIN, PUK, password or unlock key. `Debug` tells only that there is one.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself; for comparing it, never for printing it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "\"\"" } else { "\"....\"" })
    }
}

impl Wire for Secret {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        String::get(r).map(Self)
    }
}

impl Layout<Secret> for Len8 {
    fn put(value: &Secret, out: &mut Vec<u8>) {
        Self::put(&value.0, out);
    }
    fn get(r: &mut Reader<'_>) -> Result<Secret, Malformed> {
        let text: String = Self::get(r)?;
        Ok(Secret(text))
    }
}
