//! The command line: one file per verb.

mod config;
mod disturb;
mod doctor;
mod events;
mod exit;
mod explain;
mod get;
mod import;
mod out;
mod pause;
mod plan;
mod plugin;
mod qmi;
mod quick_configure;
mod reset;
mod run;
mod schema;
mod screen;
mod simulate;
mod status;
mod table;
mod test;
mod validate;
mod wait;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use self::exit::{CliError, Exit};
use self::out::Out;
use crate::api::{Client, place};
use crate::model::time::written;
use crate::plugin::CHILD_VERB;

const EXIT_CODES: &str = "\
Exit codes: 0 done or true; 1 failed; 2 plan found changes; 3 --check found something not converged; 64 usage; \
69 daemon not reachable; 75 timed out; 77 not permitted; 78 configuration invalid.";

/// Keeps cellular modems in the state that /etc/wwan.yaml asks for.
#[derive(Debug, Parser)]
#[command(name = "wwan", version, after_help = EXIT_CODES)]
struct Cli {
    /// The daemon's socket [default: $WWAN_SOCKET, else /run/wwan/control.sock, else the user's own]
    #[arg(long, global = true, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// No colours; as does the variable NO_COLOR
    #[arg(long, global = true)]
    no_color: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Run(run::Args),
    Simulate(simulate::Args),
    Test(test::Args),
    Disturb(disturb::Args),
    Pause(pause::Args),
    Resume(pause::ResumeArgs),
    Reset(reset::Args),
    Status(status::Args),
    Plan(plan::Args),
    Plugin(plugin::Args),
    Explain(explain::Args),
    Get(get::Args),
    Watch(watch::Args),
    Events(events::Args),
    Wait(wait::Args),
    Validate(validate::Args),
    Doctor(doctor::Args),
    Schema(schema::Args),
    Config(config::Args),
    QuickConfigure(quick_configure::Args),
    Import(import::Args),
    Qmi(qmi::Args),
}

/// How an answer is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Format {
    /// For people, in short.
    #[default]
    Table,
    /// For people, in full.
    Wide,
    /// For programs: the daemon's own answer.
    Json,
}

/// What every verb is given.
struct Context {
    socket: Option<PathBuf>,
    out: Out,
}

impl Context {
    /// The socket that was asked for, by argument or environment.
    fn socket(&self) -> Option<PathBuf> {
        self.socket.clone().or_else(|| std::env::var_os("WWAN_SOCKET").map(PathBuf::from))
    }

    fn client(&self) -> Result<Client, CliError> {
        Ok(Client::connect(&self.socket().unwrap_or_else(place::default))?)
    }

    fn json<T: serde::Serialize>(&self, answer: &T) -> Result<(), CliError> {
        let text = serde_json::to_string_pretty(answer).map_err(|error| CliError::Print(error.into()))?;
        self.out.line(text)
    }
}

/// Does what the command line asks.
#[must_use]
pub fn main() -> ExitCode {
    // The compiler's process does nothing but that.
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|verb| verb == CHILD_VERB) {
        return crate::plugin::child(&arguments.collect::<Vec<_>>());
    }
    let exit = match parse() {
        Ok(Cli { socket, no_color, verb }) => {
            let context = Context { socket, out: Out::new(no_color) };
            dispatch(verb, &context).unwrap_or_else(|error| {
                if !matches!(error, CliError::ReaderGone) {
                    out::remark(format_args!("wwan: {}", error.in_words()));
                }
                error.exit()
            })
        }
        Err(exit) => exit,
    };
    exit.into()
}

fn parse() -> Result<Cli, Exit> {
    let command = Cli::command().mut_subcommand("simulate", |verb| verb.after_long_help(simulate::how_to()));
    let command = command.mut_subcommand("disturb", |verb| verb.after_help(disturb::list()));
    let parsed = command.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.map_err(|error| {
        // Help that was asked for goes to standard output and is no error.
        let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
        drop(error.print());
        exit
    })
}

fn dispatch(verb: Verb, context: &Context) -> Result<Exit, CliError> {
    match verb {
        Verb::Run(args) => run::run(args, context),
        Verb::Simulate(args) => simulate::run(args, context),
        Verb::Test(args) => test::run(&args, context),
        Verb::Disturb(args) => disturb::run(args, context),
        Verb::Pause(args) => pause::run(args, context),
        Verb::Resume(args) => pause::resume(args, context),
        Verb::Reset(args) => reset::run(args, context),
        Verb::Status(args) => status::run(&args, context),
        Verb::Plan(args) => plan::run(&args, context),
        Verb::Plugin(args) => plugin::run(&args, context),
        Verb::Explain(args) => explain::run(args, context),
        Verb::Get(args) => get::run(&args, context),
        Verb::Watch(args) => watch::run(&args, context),
        Verb::Events(args) => events::run(&args, context),
        Verb::Wait(args) => wait::run(&args, context),
        Verb::Validate(args) => validate::run(&args, context),
        Verb::Doctor(args) => doctor::run(&args, context),
        Verb::Schema(args) => schema::run(&args, context),
        Verb::Config(args) => config::run(&args, context),
        Verb::QuickConfigure(args) => quick_configure::run(&args, context),
        Verb::Import(args) => import::run(args, context),
        Verb::Qmi(args) => qmi::run(&args, context),
    }
}

/// A duration as an argument.
fn duration(text: &str) -> Result<Duration, String> {
    written(text).ok_or_else(|| format!("\"{text}\" is no duration; write 30s, 5m or 1h30m"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations() {
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        assert_eq!(duration("5x"), Err("\"5x\" is no duration; write 30s, 5m or 1h30m".to_owned()));
    }
}
