//! TCP segments that fit the mobile network: a table of our own in nftables for each interface that asks for it.
//!
//! Who sits behind this host and does not hear how large a packet may be (the messages that say so are filtered in many
//! networks) sends segments that never arrive. So connections that are being opened through the interface are told less
//! (RFC 879, RFC 4459 section 3.2).

use crate::host::program::run;
use crate::model::{LinkState, ModemName};

/// Headers of IP and TCP without options (RFC 9293 section 3.7.1, RFC 8200 section 8.3).
const HEADERS: [(&str, u32); 2] = [("ipv4", 40), ("ipv6", 60)];

/// What is in force for one interface.
#[derive(Debug, Default)]
pub(super) struct Clamp {
    told: Option<Rules>,
    /// What a daemon before us may have left is gone.
    ours: bool,
}

/// The interface, and its largest packet in octets.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Rules {
    interface: String,
    mtu: u32,
}

impl Clamp {
    /// Whether what this state asks for is in force, as far as we know.
    pub(super) fn has(&self, link: &LinkState) -> bool {
        self.told.as_ref().map(|rules| rules.mtu) == asked(link)
    }

    /// Looks whether somebody has taken our table away, as a firewall does that begins anew.
    pub(super) async fn look(&mut self, modem: &ModemName) {
        if self.told.is_some() && nft(&["list", "table", "inet", &table(modem)], "").await.is_err() {
            self.told = None;
        }
    }

    /// Puts in force what this state asks for, on the interface of this name, in one step.
    ///
    /// # Errors
    /// The rules are not taken; in words.
    pub(super) async fn set(&mut self, modem: &ModemName, interface: &str, link: &LinkState) -> Result<(), String> {
        let wants = asked(link).map(|mtu| Rules { interface: interface.to_owned(), mtu });
        match &wants {
            _ if wants == self.told && self.ours => {}
            Some(rules) => drop(nft(&["-f", "-"], &rules.script(&table(modem))).await?),
            None => self.forget(modem).await,
        }
        (self.told, self.ours) = (wants, true);
        Ok(())
    }

    /// Takes away what is in force, and what a daemon before us has left.
    pub(super) async fn forget(&mut self, modem: &ModemName) {
        if self.told.take().is_some() || !self.ours {
            // There is none, or no such program, as nearly everywhere.
            drop(nft(&["delete", "table", "inet", &table(modem)], "").await);
        }
        self.ours = true;
    }

    /// Takes away what a daemon before us has left, unless that has been done.
    pub(super) async fn begin(&mut self, modem: &ModemName) {
        if !self.ours {
            self.forget(modem).await;
        }
    }
}

/// The largest packet that connections shall be told.
fn asked(link: &LinkState) -> Option<u32> {
    link.ip.mtu.filter(|_| link.clamp_mss && !link.is_bare())
}

fn table(modem: &ModemName) -> String {
    format!("wwan_{modem}")
}

async fn nft(words: &[&str], input: &str) -> Result<String, String> {
    run("nft", &words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), input).await
}

impl Rules {
    /// A table that is there already is replaced. The kernel makes segments smaller only.
    fn script(&self, table: &str) -> String {
        let Self { interface, mtu } = self;
        let rule = |direction: &str, (family, headers): (&str, u32)| {
            let size = mtu.saturating_sub(headers);
            format!(
                "{direction} \"{interface}\" meta nfproto {family} tcp flags & (syn | rst) == syn tcp option maxseg size set {size}\n"
            )
        };
        let rules: String = ["iifname", "oifname"].into_iter().flat_map(|d| HEADERS.map(|h| rule(d, h))).collect();
        format!(
            "table inet {table}\ndelete table inet {table}\ntable inet {table} {{\nchain forward {{\n\
             type filter hook forward priority mangle; policy accept;\n{rules}}}\n}}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::IpSettings;

    #[test]
    fn mtu_4_only_what_leads_somewhere_and_whose_largest_packet_is_known_is_clamped() {
        let link = LinkState {
            clamp_mss: true,
            default_route_metric: Some(700),
            ip: IpSettings { mtu: Some(1430), ..IpSettings::default() },
            ..LinkState::default()
        };
        assert_eq!(asked(&link), Some(1430));
        assert_eq!(asked(&LinkState { clamp_mss: false, ..link.clone() }), None);
        assert_eq!(asked(&LinkState { default_route_metric: None, ..link.clone() }), None, "it is bare");
        assert_eq!(asked(&LinkState { ip: IpSettings::default(), ..link }), None);
    }
}
