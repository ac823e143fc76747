//! The three shapes a table declares its own types with: open enums, bit masks, packed structs.
//!
//! Open means that a number nobody knows yet is kept, shown and sent back unchanged; it is never an error.

/// An open enum over one integer. `Default` is whatever the number 0 means.
macro_rules! wire_enum {
    ($(#[$doc:meta])* $name:ident: $raw:ty { $($(#[$vdoc:meta])* $variant:ident = $value:literal,)* }) => {
        $(#[$doc])*
        #[allow(missing_docs)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
            /// A number this table does not name.
            Unknown($raw),
        }

        impl From<$raw> for $name {
            fn from(raw: $raw) -> Self {
                match raw {
                    $($value => Self::$variant,)*
                    other => Self::Unknown(other),
                }
            }
        }

        impl From<$name> for $raw {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$variant => $value,)*
                    $name::Unknown(other) => other,
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::from(0)
            }
        }

        impl $crate::qmi::wire::Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                <$raw>::from(*self).put(out);
            }
            fn get(r: &mut $crate::qmi::wire::Reader<'_>) -> Result<Self, $crate::qmi::wire::Malformed> {
                <$raw as $crate::qmi::wire::Wire>::get(r).map(Self::from)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$variant => $crate::qmi::kinds::snake_case(stringify!($variant), f),)*
                    Self::Unknown(raw) => write!(f, "unknown({raw})"),
                }
            }
        }
    };
}

/// A set of named bits. Bits without a name are kept and shown in hexadecimal.
macro_rules! wire_mask {
    ($(#[$doc:meta])* $name:ident: $raw:ty { $($(#[$bdoc:meta])* $bit:ident = $value:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $raw);

        #[allow(missing_docs)]
        impl $name {
            $($(#[$bdoc])* pub const $bit: Self = Self($value);)*

            /// True when every bit of `other` is set.
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// True when no bit is set.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }
        }

        impl std::ops::BitOr for $name {
            type Output = Self;
            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl FromIterator<$name> for $name {
            fn from_iter<I: IntoIterator<Item = Self>>(bits: I) -> Self {
                bits.into_iter().fold(Self(0), |sum, bit| sum | bit)
            }
        }

        impl $crate::qmi::wire::Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                self.0.put(out);
            }
            fn get(r: &mut $crate::qmi::wire::Reader<'_>) -> Result<Self, $crate::qmi::wire::Malformed> {
                <$raw as $crate::qmi::wire::Wire>::get(r).map(Self)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::qmi::kinds::bits(u64::from(self.0), &[$((stringify!($bit), $value)),*], f)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(self, f)
            }
        }
    };
}

/// A packed sequence of fields, in order, without padding. `field: Type as Layout` where the natural layout will not
/// do.
macro_rules! wire_struct {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty $(as $layout:ty)?,)* }) => {
        $(#[$doc])*
        #[allow(missing_docs)]
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            $($(#[$fdoc])* pub $field: $type,)*
        }

        impl $crate::qmi::wire::Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $(
                    <$crate::qmi::kinds::layout!($($layout)?) as $crate::qmi::wire::Layout<$type>>::put(&self.$field, out);
                )*
            }
            fn get(r: &mut $crate::qmi::wire::Reader<'_>) -> Result<Self, $crate::qmi::wire::Malformed> {
                Ok(Self {
                    $($field: <$crate::qmi::kinds::layout!($($layout)?) as $crate::qmi::wire::Layout<$type>>::get(r)?,)*
                })
            }
        }
    };
}

/// The layout a row names, or the natural one.
macro_rules! layout {
    () => {
        $crate::qmi::wire::Plain
    };
    ($layout:ty) => {
        $layout
    };
}

pub(in crate::qmi) use {layout, wire_enum, wire_mask, wire_struct};

/// `NotRegistered` → `not_registered`.
pub(in crate::qmi) fn snake_case(name: &str, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    use std::fmt::Write;
    for (index, c) in name.char_indices() {
        if c.is_ascii_uppercase() && index > 0 {
            f.write_char('_')?;
        }
        f.write_char(c.to_ascii_lowercase())?;
    }
    Ok(())
}

/// `GSM|LTE|0x100`; `none` when empty.
pub(in crate::qmi) fn bits(raw: u64, names: &[(&str, u64)], f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    let mut left = raw;
    let mut separator = "";
    for (name, bit) in names.iter().filter(|(_, bit)| *bit != 0 && raw & bit == *bit) {
        write!(f, "{separator}{name}")?;
        separator = "|";
        left &= !bit;
    }
    match (left, separator) {
        (0, "") => f.write_str("none"),
        (0, _) => Ok(()),
        _ => write!(f, "{separator}{left:#x}"),
    }
}
