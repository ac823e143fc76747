//! How one value lies in bytes: integers, addresses, text, counted lists.
//!
//! Everything QMI sends is little-endian except IPv6 addresses. Nothing here knows a message or a TLV, and nothing
//! allocates more than the bytes at hand could fill: a count from the wire is a claim, never a size.

use std::marker::PhantomData;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The bytes do not hold the value: too short, or a count that promises more than there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// A value with one natural layout.
pub trait Wire: Sized {
    /// Appends the value.
    fn put(&self, out: &mut Vec<u8>);
    /// Takes the value off the front of `r`. Bytes that follow it are left alone.
    fn get(r: &mut Reader<'_>) -> Result<Self, Malformed>;
}

/// A layout for a `T` that has more than one: the `as` column of the message tables.
pub trait Layout<T> {
    /// Appends `value` in this layout.
    fn put(value: &T, out: &mut Vec<u8>);
    /// Takes a value in this layout off the front of `r`.
    fn get(r: &mut Reader<'_>) -> Result<T, Malformed>;
}

/// The natural layout of the type; what a table row without `as` uses.
pub struct Plain;
/// A list after a `u8` count, each element laid out by `L`.
pub struct Count8<L = Plain>(PhantomData<L>);
/// A list after a `u16` count, each element laid out by `L`.
pub struct Count16<L = Plain>(PhantomData<L>);
/// Text after a `u8` length.
pub struct Len8;
/// Text after a `u16` length.
pub struct Len16;
/// A truth value in four bytes.
pub struct Bool32;
/// The low six bytes of a `u64`.
pub struct Low48;
/// The low three bytes of a `u32` in network order, as 5G writes tracking area codes (3GPP TS 24.501 9.11.3.8).
pub struct Be24;
/// A byte that says whether the value after it is valid; the value's bytes are there either way.
pub struct Flagged;

/// Bytes not yet read.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.0.split_at_checked(n).ok_or(Malformed)?;
        self.0 = tail;
        Ok(head)
    }

    /// The next `N` bytes, by value.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, tail) = self.0.split_first_chunk::<N>().ok_or(Malformed)?;
        self.0 = tail;
        Ok(*head)
    }

    /// Everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// How many bytes are left.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True at the end.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

macro_rules! wire_numbers {
    ($($number:ty)*) => {$(
        impl Wire for $number {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn get(r: &mut Reader<'_>) -> Result<Self, Malformed> {
                r.array().map(Self::from_le_bytes)
            }
        }
    )*};
}

wire_numbers! { u8 u16 u32 u64 i8 i16 i32 i64 f32 }

/// One byte; anything but zero is true.
impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        u8::get(r).map(|byte| byte != 0)
    }
}

impl<T: Wire + Copy + Default, const N: usize> Wire for [T; N] {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|element| element.put(out));
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut array = [T::default(); N];
        for element in &mut array {
            *element = T::get(r)?;
        }
        Ok(array)
    }
}

/// QMI's order: a little-endian `u32` whose most significant byte is the first octet, so 10.64.0.2 is `02 00 40 0A`.
impl Wire for Ipv4Addr {
    fn put(&self, out: &mut Vec<u8>) {
        self.to_bits().put(out);
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        u32::get(r).map(Self::from_bits)
    }
}

/// Sixteen bytes in network order, the one thing in QMI that is not little-endian.
impl Wire for Ipv6Addr {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.octets());
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array::<16>().map(Self::from)
    }
}

/// Text that fills the rest of its TLV.
impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(text(r.rest()))
    }
}

/// Modems pad text with NULs and send GSM-7 or UCS-2 where ASCII was promised: never a reason to lose the message.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

impl<T: Wire> Layout<T> for Plain {
    fn put(value: &T, out: &mut Vec<u8>) {
        value.put(out);
    }
    fn get(r: &mut Reader<'_>) -> Result<T, Malformed> {
        T::get(r)
    }
}

macro_rules! prefixed_layouts {
    ($($list:ident $text:ident: $prefix:ty;)*) => {$(
        /// Elements that the count has no room for are left out.
        impl<T, L: Layout<T>> Layout<Vec<T>> for $list<L> {
            fn put(list: &Vec<T>, out: &mut Vec<u8>) {
                let count = list.len().min(<$prefix>::MAX.into());
                (count as $prefix).put(out);
                list[..count].iter().for_each(|element| L::put(element, out));
            }
            fn get(r: &mut Reader<'_>) -> Result<Vec<T>, Malformed> {
                let count = <$prefix>::get(r)?;
                elements::<T, L>(count.into(), r)
            }
        }

        /// Characters that the length has no room for are left out.
        impl Layout<String> for $text {
            fn put(value: &String, out: &mut Vec<u8>) {
                let length = value.floor_char_boundary(<$prefix>::MAX.into());
                (length as $prefix).put(out);
                out.extend_from_slice(&value.as_bytes()[..length]);
            }
            fn get(r: &mut Reader<'_>) -> Result<String, Malformed> {
                let length = <$prefix>::get(r)?;
                r.take(length.into()).map(text)
            }
        }
    )*};
}

prefixed_layouts! {
    Count8 Len8: u8;
    Count16 Len16: u16;
}

fn elements<T, L: Layout<T>>(count: usize, r: &mut Reader<'_>) -> Result<Vec<T>, Malformed> {
    // Every layout takes at least one byte, so what is left bounds both the list and the memory for it.
    if count > r.len() {
        return Err(Malformed);
    }
    let mut list = Vec::with_capacity(count);
    for _ in 0..count {
        list.push(L::get(r)?);
    }
    Ok(list)
}

impl Layout<bool> for Bool32 {
    fn put(value: &bool, out: &mut Vec<u8>) {
        u32::from(*value).put(out);
    }
    fn get(r: &mut Reader<'_>) -> Result<bool, Malformed> {
        u32::get(r).map(|word| word != 0)
    }
}

impl Layout<u64> for Low48 {
    fn put(value: &u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&value.to_le_bytes()[..6]);
    }
    fn get(r: &mut Reader<'_>) -> Result<u64, Malformed> {
        let [a, b, c, d, e, f] = r.array()?;
        Ok(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }
}

impl<T: Wire + Default> Layout<Option<T>> for Flagged {
    fn put(value: &Option<T>, out: &mut Vec<u8>) {
        value.is_some().put(out);
        match value {
            Some(value) => value.put(out),
            None => T::default().put(out),
        }
    }
    fn get(r: &mut Reader<'_>) -> Result<Option<T>, Malformed> {
        let valid = bool::get(r)?;
        let value = T::get(r)?;
        Ok(valid.then_some(value))
    }
}

impl Layout<u32> for Be24 {
    fn put(value: &u32, out: &mut Vec<u8>) {
        out.extend_from_slice(&value.to_be_bytes()[1..]);
    }
    fn get(r: &mut Reader<'_>) -> Result<u32, Malformed> {
        let [a, b, c] = r.array()?;
        Ok(u32::from_be_bytes([0, a, b, c]))
    }
}
