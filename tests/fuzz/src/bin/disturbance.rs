//! Feeds the target `disturbance`.
#![cfg_attr(fuzzing, no_main)]
wwan_fuzz::program!(wwan_fuzz::disturbance);
