//! Stage link: does the network interface have what the network gave?

use crate::model::defect::{Defect, planted};
use crate::model::session::Ipv4Settings;
use crate::model::{
    Action, AddressMethod, DataFormat, Desired, Fact, Finding, Framing, IpFamily, IpSettings, Lease, LeaseState,
    LinkState, Observed,
};

use super::Outcome;
use super::reader::{Reader, UNTOLD};

pub(super) fn look(desired: &Desired, facts: &mut Reader<'_>) -> Outcome {
    let want = wanted(desired, facts.observed);
    let leased = is_leased(desired) && facts.observed.is_up(IpFamily::Ipv4);
    ask_for_addresses(&want, leased, facts);
    if want.is_bare() && !leased {
        return Outcome::Wait(Finding::NoAddress);
    }
    let Some(has) = facts.read(Fact::Link, facts.observed.link.as_ref()) else {
        return facts.unknown(Fact::Link);
    };
    if has.absent {
        return Outcome::Wait(Finding::NoInterface);
    }
    let mut lacks = None;
    if leased && has.up {
        let Some(lease) = facts.read(Fact::Lease, facts.observed.lease.as_ref()) else {
            return facts.unknown(Fact::Lease);
        };
        lacks = match lease {
            LeaseState::Held(_) => None,
            // An address of before is neither trusted nor taken away while its server is asked: no hole in a restart of ours.
            LeaseState::Asking(asking)
                if asking.confirms.is_some_and(|a| has.ip.ipv4.is_some_and(|ip| ip.address == a)) =>
            {
                return Outcome::Unknown(Finding::NoLease(asking.clone()));
            }
            LeaseState::Asking(asking) => Some(Finding::NoLease(asking.clone())),
            LeaseState::Unable(why) => Some(Finding::CannotLease(why.clone())),
        };
    }
    let mut given = addresses(&want.ip);
    let right = *has == want || planted(Defect::LinkOnce) && !has.is_bare();
    let what = match (leased && !has.up, want.is_bare()) {
        (true, _) => "the interface is down, and a DHCP server is asked through it".to_owned(),
        (false, true) => format!("the interface has {}, and there is no DHCP lease", addresses(&has.ip)),
        (false, false) => format!("the interface has {}, the network gave {given}", addresses(&has.ip)),
    };
    let bare = want.is_bare();
    let configure = Action::ConfigureLink(want);
    if !right {
        return facts.attempt(configure, || Finding::Drifted { what });
    }
    facts.effective(configure.name());
    match lacks {
        Some(finding) if bare => return Outcome::Wait(finding),
        Some(_) => given.push_str(", no DHCP lease"),
        None => {}
    }
    Outcome::Satisfied(Finding::Configured { addresses: given })
}

/// Whether the IPv4 address comes from a DHCP server.
fn is_leased(desired: &Desired) -> bool {
    desired.link.method == AddressMethod::Dhcp
}

/// A session that is up without an address may get one without a word.
fn ask_for_addresses(want: &LinkState, leased: bool, facts: &mut Reader<'_>) {
    for (family, given) in
        [(IpFamily::Ipv4, leased || want.ip.ipv4.is_some()), (IpFamily::Ipv6, want.ip.ipv6.is_some())]
    {
        if facts.observed.is_up(family) && !given {
            facts.look_every(Fact::settings(family), UNTOLD);
        }
    }
}

/// The interface as it should be, from the settings of the sessions that are up, or the lease of the IPv4 session.
fn wanted(desired: &Desired, observed: &Observed) -> LinkState {
    let mut ip = IpSettings::default();
    let mut take = |part: &IpSettings| {
        ip.ipv4 = ip.ipv4.or(part.ipv4);
        ip.ipv6 = ip.ipv6.or(part.ipv6);
        ip.dns.extend(part.dns.iter().filter(|dns| !ip.dns.contains(dns)).copied().collect::<Vec<_>>());
        ip.search.extend_from_slice(&part.search);
        ip.mtu = match (ip.mtu, part.mtu) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    };
    for family in observed.up() {
        let settings = observed.settings(family).map(|seen| &seen.value.ip);
        if family == IpFamily::Ipv4 && is_leased(desired) {
            // Of what the modem knows only the largest packet of the bearer counts beside a lease.
            take(&IpSettings { mtu: settings.and_then(|ip| ip.mtu), ..IpSettings::default() });
            if let Some(LeaseState::Held(lease)) = observed.lease.as_ref().map(|seen| &seen.value) {
                take(&of_lease(lease));
            }
        } else if let Some(settings) = settings {
            take(settings);
        }
    }
    ip.mtu = desired.link.mtu.or(ip.mtu);
    let leads = ip.ipv4.is_some() || ip.ipv6.is_some();
    LinkState {
        absent: false,
        up: true,
        framing: framing(observed),
        ip,
        default_route_metric: (leads && desired.link.default_route).then_some(desired.link.route_metric),
        routing: desired.link.routing.clone(),
        resolver: desired.link.resolver.clone(),
        clamp_mss: desired.link.clamp_mss,
    }
}

fn of_lease(lease: &Lease) -> IpSettings {
    let gateway = lease.routers.first().copied();
    IpSettings {
        ipv4: Some(Ipv4Settings { address: lease.address, prefix: lease.prefix, gateway }),
        ipv6: None,
        dns: lease.dns.iter().copied().map(Into::into).collect(),
        search: lease.searched().to_vec(),
        mtu: lease.mtu,
    }
}

/// What the modem frames the driver must expect. A modem that has no such setting says nothing about the driver's.
fn framing(observed: &Observed) -> Option<Framing> {
    match observed.data_format.as_ref()?.value {
        DataFormat::Framed(framing) => Some(framing),
        DataFormat::Fixed => None,
    }
}

fn addresses(ip: &IpSettings) -> String {
    let v4 = ip.ipv4.map(|s| format!("{}/{}", s.address, s.prefix));
    let v6 = ip.ipv6.map(|s| format!("{}/{}", s.address, s.prefix));
    let mtu = ip.mtu.map(|mtu| format!("mtu {mtu}"));
    let parts: Vec<String> = [v4, v6, mtu].into_iter().flatten().collect();
    if parts.is_empty() { "no address".to_owned() } else { parts.join(", ") }
}
