//! Feeds the target `scenario`.
#![cfg_attr(fuzzing, no_main)]
wwan_fuzz::program!(wwan_fuzz::scenario);
