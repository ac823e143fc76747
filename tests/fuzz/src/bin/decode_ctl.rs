//! Feeds the target `decode_ctl`.
#![cfg_attr(fuzzing, no_main)]
wwan_fuzz::program!(wwan_fuzz::decode_ctl);
