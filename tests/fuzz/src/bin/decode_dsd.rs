//! Feeds the target `decode_dsd`.
#![cfg_attr(fuzzing, no_main)]
wwan_fuzz::program!(wwan_fuzz::decode_dsd);
