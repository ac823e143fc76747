//! Feeds the target `decode_nas`.
#![cfg_attr(fuzzing, no_main)]
wwan_fuzz::program!(wwan_fuzz::decode_nas);
