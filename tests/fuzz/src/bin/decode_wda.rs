//! Feeds the target `decode_wda`.
#![cfg_attr(fuzzing, no_main)]
wwan_fuzz::program!(wwan_fuzz::decode_wda);
