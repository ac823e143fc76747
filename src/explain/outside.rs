//! What is wrong where the modem has done its part and no data passes.

use super::words::{Wrong, wrong_because};
use crate::model::{Condition, Elsewhere, Finding, Internet};

/// The condition is `InternetReachable`, and does not hold.
pub(super) fn outside(condition: &Condition) -> Option<Wrong> {
    let evidence = condition.finding.to_string();
    Some(match &condition.finding {
        Finding::Reading(_) => Wrong {
            coming_up: true,
            ..wrong_because("it has its addresses, and whether data passes is being found out")
        },
        Finding::Internet(Internet::Unanswered { elsewhere: Elsewhere::Unanswered, .. }) => {
            wrong_because("it has its addresses, and nobody answers, here or through another interface")
                .cause(evidence)
                .advice("look whether the `reachability.targets` of the file are there at all")
        }
        Finding::Internet(Internet::Unanswered { .. }) => {
            wrong_because("it has its addresses, and no data comes back").cause(evidence).advice(
                "if others are online with this operator: look whether the subscription still has data, and ask the operator",
            )
        }
        Finding::Internet(Internet::Portal(_)) => wrong_because("somebody else answers in the internet's place")
            .cause(evidence)
            .advice("look whether the subscription is paid for: a network that wants money shows a page of its own"),
        _ => return None,
    })
}
