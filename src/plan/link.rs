//! Stage link: does the network interface have what the network gave?

use crate::model::defect::{Defect, planted};
use crate::model::{Action, DataFormat, Desired, Fact, Finding, Framing, IpFamily, IpSettings, LinkState, Observed};

use super::Outcome;
use super::reader::{Reader, UNTOLD};

pub(super) fn look(desired: &Desired, facts: &mut Reader<'_>) -> Outcome {
    let want = wanted(desired, facts.observed);
    ask_for_addresses(&want, facts);
    if want.ip.ipv4.is_none() && want.ip.ipv6.is_none() {
        return Outcome::Wait(Finding::NoAddress);
    }
    let Some(has) = facts.read(Fact::Link, facts.observed.link.as_ref()) else {
        return facts.unknown(Fact::Link);
    };
    if has.absent {
        return Outcome::Wait(Finding::NoInterface);
    }
    let given = addresses(&want.ip);
    let right = *has == want || planted(Defect::LinkOnce) && !has.is_bare();
    let what = format!("the interface has {}, the network gave {given}", addresses(&has.ip));
    let configure = Action::ConfigureLink(want);
    if right {
        facts.effective(configure.name());
        return Outcome::Satisfied(Finding::Configured { addresses: given });
    }
    facts.attempt(configure, || Finding::Drifted { what })
}

/// A session that is up without an address may get one without a word.
fn ask_for_addresses(want: &LinkState, facts: &mut Reader<'_>) {
    for (family, given) in [(IpFamily::Ipv4, want.ip.ipv4.is_some()), (IpFamily::Ipv6, want.ip.ipv6.is_some())] {
        let up = facts.observed.session(family).is_some_and(|seen| seen.value.is_up());
        if up && !given {
            facts.look_every(Fact::settings(family), UNTOLD);
        }
    }
}

/// The interface as it should be, from the settings of the sessions that are up.
fn wanted(desired: &Desired, observed: &Observed) -> LinkState {
    let mut ip = IpSettings::default();
    for family in [IpFamily::Ipv4, IpFamily::Ipv6] {
        let up = observed.session(family).is_some_and(|seen| seen.value.is_up());
        let Some(settings) = observed.settings(family).filter(|_| up).map(|seen| &seen.value.ip) else {
            continue;
        };
        ip.ipv4 = ip.ipv4.or(settings.ipv4);
        ip.ipv6 = ip.ipv6.or(settings.ipv6);
        ip.dns.extend(settings.dns.iter().filter(|dns| !ip.dns.contains(dns)).copied().collect::<Vec<_>>());
        ip.mtu = match (ip.mtu, settings.mtu) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    ip.mtu = desired.link.mtu.or(ip.mtu);
    LinkState {
        absent: false,
        up: true,
        framing: framing(observed),
        ip,
        default_route_metric: desired.link.default_route.then_some(desired.link.route_metric),
        routing: desired.link.routing.clone(),
        resolver: desired.link.resolver.clone(),
    }
}

/// What the modem frames the driver must expect. A modem that has no such setting says nothing about the driver's.
fn framing(observed: &Observed) -> Option<Framing> {
    match observed.data_format.as_ref()?.value {
        DataFormat::RawIp => Some(Framing::RawIp),
        DataFormat::Ethernet => Some(Framing::Ethernet),
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
