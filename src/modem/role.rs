//! The clients we are: one per service, and two of the data service, which serves one IP family per client.

use crate::model::IpFamily;
use crate::qmi::Service;

/// A client of the modem.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Role {
    Dms,
    Nas,
    Uim,
    Wda,
    Wds(IpFamily),
}

impl Role {
    pub(super) const ALL: [Self; 6] =
        [Self::Dms, Self::Nas, Self::Uim, Self::Wda, Self::Wds(IpFamily::Ipv4), Self::Wds(IpFamily::Ipv6)];

    pub(super) const fn service(self) -> Service {
        match self {
            Self::Dms => Service::Dms,
            Self::Nas => Service::Nas,
            Self::Uim => Service::Uim,
            Self::Wda => Service::Wda,
            Self::Wds(_) => Service::Wds,
        }
    }

    /// The name under which its client id is remembered.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Dms => "dms",
            Self::Nas => "nas",
            Self::Uim => "uim",
            Self::Wda => "wda",
            Self::Wds(IpFamily::Ipv4) => "wds-ipv4",
            Self::Wds(IpFamily::Ipv6) => "wds-ipv6",
        }
    }
}
