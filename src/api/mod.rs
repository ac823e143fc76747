//! The local control API: JSON objects, one a line, over a unix socket.
//!
//! `types` is the public contract and `schemas/api.json` its schema; `view` folds what the core knows into it;
//! `server` and `client` move the lines. Who may connect may ask: the socket's permissions are the access control.

pub mod client;
mod happening;
pub mod place;
mod planned;
mod properties;
pub mod server;
pub mod types;
pub mod view;

pub use client::{Client, ClientError};
pub use server::{Call, Limits, Reply, Server, ServerError};
pub use types::{ErrorCode, ErrorView, EventView, Request, Response};
