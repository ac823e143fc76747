//! Feeds the target `client`.
#![cfg_attr(fuzzing, no_main)]
wwan_fuzz::program!(wwan_fuzz::client);
