//! Feeds the target `api_request`.
#![cfg_attr(fuzzing, no_main)]
wwan_fuzz::program!(wwan_fuzz::api_request);
