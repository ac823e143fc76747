//! What the service tables are written in: the macros that turn a row into a module with its structs.

/// A struct of optional TLVs. `0x13 | 0x34 field` reads both ids and writes the first; `..group: Group` at the end adds
/// the TLVs of a shared set.
macro_rules! tlv_set {
    (
        $(#[$doc:meta])* $name:ident {
            $($(#[$fdoc:meta])* $id:literal $(| $alias:literal)* $field:ident: $type:ty $(as $layout:ty)?,)*
            $(..$group:ident: $set:ty,)?
        } $($leftover:ident)?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            $($(#[$fdoc])* #[doc = concat!("TLV ", stringify!($id), ".")] pub $field: Option<$type>,)*
            $(#[doc = "TLVs that other messages carry too."] pub $group: $set,)?
            $(#[doc = "TLVs without a field."] pub $leftover: $crate::qmi::message::Leftover,)?
        }

        impl $crate::qmi::message::TlvSet for $name {
            const FIELDS: &'static [&'static [$crate::qmi::message::Field]] = &[
                &[$($crate::qmi::message::Field {
                    ids: &[$id $(, $alias)*],
                    name: stringify!($field),
                    show: $crate::qmi::message::show::<$type, $crate::qmi::kinds::layout!($($layout)?)>,
                },)*],
                $(<$set as $crate::qmi::message::TlvSet>::FIELDS[0],)?
            ];

            #[allow(unused_variables, clippy::let_and_return)]
            fn take(&mut self, id: u8, value: &[u8]) -> $crate::qmi::message::Taken {
                let taken = match id {
                    $($id $(| $alias)* => $crate::qmi::message::place::<$type, $crate::qmi::kinds::layout!($($layout)?)>(
                        &mut self.$field,
                        value,
                    ),)*
                    _ => $crate::qmi::message::Taken::Unknown,
                };
                $(let taken = match taken {
                    $crate::qmi::message::Taken::Unknown => {
                        $crate::qmi::message::TlvSet::take(&mut self.$group, id, value)
                    }
                    placed => placed,
                };)?
                taken
            }

            #[allow(unused_variables)]
            fn put(&self, out: &mut Vec<u8>) {
                $(if let Some(value) = &self.$field {
                    $crate::qmi::tlv::put_tlv(out, $id, |out| {
                        <$crate::qmi::kinds::layout!($($layout)?) as $crate::qmi::wire::Layout<$type>>::put(value, out);
                    });
                })*
                $($crate::qmi::message::TlvSet::put(&self.$group, out);)?
            }
        }
    };
}

/// The table of a service. A row is a message and becomes a module with `ID`, `KEY` and the structs `Request` and
/// `Response`, or `Indication`.
macro_rules! service {
    ($service:ident; $($(#[$doc:meta])* $id:literal $name:ident { $($kind:ident { $($tlvs:tt)* })* })*) => {
        $(
            $(#[$doc])*
            #[doc = concat!("\n\n`", stringify!($service), "` message ", stringify!($id), ".")]
            pub mod $name {
                #[allow(unused_imports)]
                use super::*;

                /// The message id.
                pub const ID: u16 = $id;
                /// Service and message id, to match [`Frame::key`]($crate::qmi::Frame::key) against.
                pub const KEY: ($crate::qmi::Service, u16) = ($crate::qmi::Service::$service, ID);
                pub(in $crate::qmi) const BODIES: &[$crate::qmi::Body] = &[$($crate::qmi::table::body_of!($kind)),*];

                $($crate::qmi::table::body! { $service $name $kind { $($tlvs)* } })*
            }
        )*

        pub(in $crate::qmi) const MESSAGES: &[&[$crate::qmi::Body]] = &[$($name::BODIES),*];
    };
}

macro_rules! body {
    ($service:ident $name:ident request { $($tlvs:tt)* }) => {
        $crate::qmi::table::body! { @ $service $name Request "Host to modem." { $($tlvs)* } }
        impl $crate::qmi::message::Request for Request {
            type Response = Response;
        }
    };
    ($service:ident $name:ident response { $($tlvs:tt)* }) => {
        $crate::qmi::table::body! { @ $service $name Response "Modem to host." { $($tlvs)* } }
        impl $crate::qmi::message::Response for Response {}
    };
    ($service:ident $name:ident indication { $($tlvs:tt)* }) => {
        $crate::qmi::table::body! { @ $service $name Indication "Modem to host, unasked." { $($tlvs)* } }
        impl $crate::qmi::message::Indication for Indication {}
    };
    (@ $service:ident $name:ident $kind:ident $doc:literal { $($tlvs:tt)* }) => {
        $crate::qmi::table::tlv_set! { #[doc = $doc] $kind { $($tlvs)* } leftover }
        impl $crate::qmi::message::Message for $kind {
            const SERVICE: $crate::qmi::Service = $crate::qmi::Service::$service;
            const ID: u16 = ID;
            const NAME: &'static str = stringify!($name);
            const KIND: $crate::qmi::Kind = $crate::qmi::Kind::$kind;
            fn leftover(&self) -> &$crate::qmi::message::Leftover {
                &self.leftover
            }
            fn leftover_mut(&mut self) -> &mut $crate::qmi::message::Leftover {
                &mut self.leftover
            }
        }
    };
}

macro_rules! body_of {
    (request) => {
        $crate::qmi::Body::of::<Request>()
    };
    (response) => {
        $crate::qmi::Body::of::<Response>()
    };
    (indication) => {
        $crate::qmi::Body::of::<Indication>()
    };
}

pub(super) use {body, body_of, service, tlv_set};
