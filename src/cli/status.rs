//! `wwan status`: one line per modem, or one modem on one screen.

use clap::Args as ClapArgs;

use super::exit::{CliError, Exit};
use super::out::{Out, Tone};
use super::screen::Screen;
use super::table::{self, Cell};
use super::{Context, Format, get};
use crate::api::types::{ConditionView, ModemView, PropertyView, StatusView};
use crate::api::{ClientError, Request, Response};
use crate::model::time::spoken;

/// Show the state of every modem in one line, or of one modem on one screen
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// This modem, with everything that is known of it
    modem: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    /// End with code 3 unless everything is as the file asks
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let Response::Status(mut status) = context.client()?.ask(&Request::Status)? else {
        return Err(ClientError::Unexpected.into());
    };
    if let Some(name) = &args.modem {
        status.modems.retain(|modem| modem.name == *name);
        if status.modems.is_empty() {
            return Err(CliError::Usage(format!("there is no modem \"{name}\"")));
        }
    }
    match args.output {
        Format::Json => context.json(&status)?,
        Format::Table if args.modem.is_none() => {
            short(context.out, &status).into_iter().try_for_each(|line| context.out.line(line))?;
        }
        Format::Table | Format::Wide => {
            let found = get::ask(context, args.modem.as_deref().unwrap_or("*"))?;
            let Response::Config(config) = context.client()?.ask(&Request::Config { origin: false })? else {
                return Err(ClientError::Unexpected.into());
            };
            let lines = wide(context.out, &status, &found.properties, &config.text);
            lines.into_iter().try_for_each(|line| context.out.line(line))?;
        }
    }
    let converged = status.config.status == "True" && status.modems.iter().all(converged);
    Ok(if args.check && !converged { Exit::NotConverged } else { Exit::Done })
}

/// Whether everything about it is as the file asks.
pub(super) fn converged(modem: &ModemView) -> bool {
    modem.conditions.iter().any(|condition| condition.condition == "Converged" && condition.status == "True")
}

/// The tone of a status.
pub(super) fn tone(status: &str) -> Tone {
    match status {
        "True" => Tone::Good,
        "False" => Tone::Bad,
        _ => Tone::Pending,
    }
}

/// A time in milliseconds as people say it.
pub(super) fn ago(ms: u64) -> String {
    spoken(std::time::Duration::from_millis(ms))
}

/// One line per modem.
pub(super) fn short(out: Out, status: &StatusView) -> Vec<String> {
    let mut lines = match status.modems.as_slice() {
        [] => vec!["no modem is configured".to_owned()],
        modems => table::lines(out, 2, &modems.iter().map(row).collect::<Vec<_>>()),
    };
    lines.extend(refused(out, status));
    lines
}

fn row(modem: &ModemView) -> Vec<Cell> {
    let name = (Tone::Strong, modem.name.clone());
    if modem.online {
        return vec![name, (Tone::Good, "ONLINE".into()), (Tone::Plain, online(modem))];
    }
    vec![name, (Tone::Bad, "OFFLINE".into()), (Tone::Plain, diagnosis(modem))]
}

fn online(modem: &ModemView) -> String {
    let mut parts = Vec::new();
    if let Some(provider) = &modem.provider {
        parts.push(format!("{} (apn {})", provider.name, provider.apn));
    }
    if let Some(network) = &modem.network {
        let place = if network.roaming { "roaming" } else { "home" };
        let name = network.plmn.as_deref().or(network.operator_name.as_deref()).unwrap_or("network");
        parts.push(format!("{name} {place}"));
        parts.push(network.technologies.join(" "));
    }
    parts.extend(modem.since_ms.map(|since| format!("since {}", ago(since))));
    parts.join("   ")
}

/// The first condition that does not hold, apart from the one that only sums up.
fn diagnosis(modem: &ModemView) -> String {
    let first = modem.conditions.iter().find(|c| c.status != "True" && c.condition != "ConfigValid");
    first.map_or_else(|| "nothing is known yet".to_owned(), said)
}

/// A condition in one line.
pub(super) fn said(condition: &ConditionView) -> String {
    let ConditionView { condition, status, reason, message, .. } = condition;
    format!("{condition}={status} {reason}: {message}")
}

fn refused(out: Out, status: &StatusView) -> Vec<String> {
    if status.config.status == "True" {
        return Vec::new();
    }
    let stays = match status.generation {
        0 => "no configuration is in force".to_owned(),
        generation => format!("generation {generation} stays in force"),
    };
    let config = out.paint(Tone::Bad, "config refused");
    vec![format!("{config}: {}; {stays}", status.config.message)]
}

/// Every modem on a screen of its own.
pub(super) fn wide(out: Out, status: &StatusView, properties: &[PropertyView], config: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for modem in &status.modems {
        lines.extend(Screen::new(modem, properties, config).lines(out));
        lines.push(String::new());
    }
    let uptime = ago(status.uptime_ms);
    lines.push(format!("configuration generation {}, daemon up {uptime}", status.generation));
    if let Some(report) = &status.config_report {
        lines.extend(refused(out, status));
        lines.push(report.clone());
    }
    lines
}

/// Every condition of a modem, as a table with its head.
pub(super) fn condition_rows(modem: &ModemView) -> Vec<Vec<Cell>> {
    let head = ["CONDITION", "STATUS", "REASON", "SINCE", "MESSAGE"];
    let mut rows = vec![head.map(|title| (Tone::Faint, title.to_owned())).to_vec()];
    rows.extend(modem.conditions.iter().map(|c| {
        vec![
            (Tone::Plain, c.condition.clone()),
            (tone(&c.status), c.status.clone()),
            (Tone::Plain, c.reason.clone()),
            (Tone::Plain, ago(c.since_ms)),
            (Tone::Plain, c.message.clone()),
        ]
    }));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::{NetworkView, ProviderView};

    fn condition(condition: &str, status: &str, reason: &str, message: &str) -> ConditionView {
        ConditionView {
            condition: condition.into(),
            status: status.into(),
            reason: reason.into(),
            message: message.into(),
            since_ms: 11_520_000,
            observed_generation: 1,
        }
    }

    fn modem(name: &str, online: bool, conditions: Vec<ConditionView>) -> ModemView {
        ModemView {
            name: name.into(),
            online,
            since_ms: Some(11_520_000),
            provider: Some(ProviderView {
                name: "supersim".into(),
                apn: "super".into(),
                because: "ICCID prefix 8988307".into(),
                origin: "/etc/wwan.yaml:5".into(),
            }),
            network: Some(NetworkView {
                plmn: Some("310260".into()),
                operator_name: None,
                brand: None,
                roaming: true,
                technologies: vec!["lte".into(), "nr5g".into()],
            }),
            device: None,
            addresses: vec!["10.0.0.2/30".into()],
            conditions,
        }
    }

    fn status(modems: Vec<ModemView>) -> StatusView {
        let config = condition("ConfigValid", "True", "Accepted", "generation 1");
        StatusView { generation: 1, config, config_report: None, uptime_ms: 5000, modems }
    }

    #[test]
    fn one_line_per_modem() {
        let status = status(vec![
            modem("wwan0", true, vec![condition("Converged", "True", "AllApplied", "")]),
            modem("wwan10", false, vec![condition("SimReady", "False", "NoCard", "no SIM card in the slot")]),
        ]);
        assert_eq!(
            short(Out::plain(), &status),
            [
                "wwan0   ONLINE   supersim (apn super)   310260 roaming   lte nr5g   since 3h12m",
                "wwan10  OFFLINE  SimReady=False NoCard: no SIM card in the slot",
            ]
        );
    }

    #[test]
    fn a_refused_edit_is_said_and_does_not_make_a_modem_offline() {
        let refused = condition("ConfigValid", "False", "Rejected", "/etc/wwan.yaml:3:5: unknown key");
        let mut status = status(vec![modem("wwan0", true, vec![refused.clone()])]);
        status.config = refused;
        let lines = short(Out::plain(), &status);
        assert!(lines[0].contains("ONLINE "), "{lines:?}");
        assert_eq!(lines[1], "config refused: /etc/wwan.yaml:3:5: unknown key; generation 1 stays in force");
    }

    #[test]
    fn the_wide_form_has_every_condition() {
        let status = status(vec![modem(
            "wwan0",
            true,
            vec![
                condition("ModemPresent", "True", "Enumerated", "control port is open"),
                condition("Converged", "Unknown", "Progressing", "Registered comes first"),
            ],
        )]);
        assert_eq!(
            wide(Out::plain(), &status, &[], "")[1..7],
            [
                "  Provider    supersim (apn super): ICCID prefix 8988307 (/etc/wwan.yaml:5)",
                "  Network     310260 roaming",
                "  Addresses   10.0.0.2/30",
                "CONDITION     STATUS   REASON       SINCE  MESSAGE",
                "ModemPresent  True     Enumerated   3h12m  control port is open",
                "Converged     Unknown  Progressing  3h12m  Registered comes first",
            ]
        );
    }
}
