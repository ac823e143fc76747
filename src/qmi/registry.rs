//! All messages of all tables as one list, for those who handle messages without knowing their types.

use super::{Body, Kind, Service, ctl, dms, dsd, nas, uim, wda, wds};

const TABLES: &[&[&[Body]]] = &[
    ctl::MESSAGES,
    wds::call::MESSAGES,
    wds::profile::MESSAGES,
    wds::statistics::MESSAGES,
    dms::MESSAGES,
    nas::system::MESSAGES,
    nas::info::MESSAGES,
    nas::selection::MESSAGES,
    nas::names::MESSAGES,
    nas::signal::MESSAGES,
    nas::cells::MESSAGES,
    uim::MESSAGES,
    wda::MESSAGES,
    dsd::MESSAGES,
];

/// Every direction of every message.
pub fn bodies() -> impl Iterator<Item = &'static Body> {
    TABLES.iter().copied().flatten().copied().flatten()
}

/// The one with this service, id and direction.
pub fn find(service: Service, id: u16, kind: Kind) -> Option<&'static Body> {
    bodies().find(|body| (body.service, body.id, body.kind) == (service, id, kind))
}
