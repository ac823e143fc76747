//! Feeds the target `decode_wds`.
#![cfg_attr(fuzzing, no_main)]
wwan_fuzz::program!(wwan_fuzz::decode_wds);
