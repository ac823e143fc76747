//! Feeds the target `config`.
#![cfg_attr(fuzzing, no_main)]
wwan_fuzz::program!(wwan_fuzz::config);
