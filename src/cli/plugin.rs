//! `wwan plugin`: which plugins there are, what is in one, what one answers, and compiled ahead of time.

mod export;
mod show;
mod test;

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::exit::{CliError, Exit};
use super::out::Tone;
use super::table::{self, Cell};
use super::{Context, Format};
use crate::api::types::PluginView;
use crate::api::{ClientError, Request, Response};
use crate::daemon::real::PLUGINS;
use crate::host::state::DEFAULT_DIRECTORY;
use crate::model::{EngineChoice, Grants, OnError, Plugin, PluginLimits};
use crate::plugin::{Cache, Compiler, Effort, Loaded, Module, Pin};

/// Largest component that is compiled by hand: one with a Python in it has 18 MB.
const MAX_BYTES: u64 = 64 << 20;

/// List, look into, try and compile plugins
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The plugins of the configuration in force, and how it is with each
    List {
        /// How to print
        #[arg(short, long, value_enum, default_value_t)]
        output: Format,
    },
    /// What a component is: its sum, what it exports and needs, what its configuration may contain
    Show {
        /// A .wasm file
        file: PathBuf,
    },
    Test(test::Args),
    /// Compile a component ahead of time, for a build without a compiler or a device that is slow at it
    Compile {
        /// A .wasm file
        file: PathBuf,
        /// The state directory of the daemon that will use it
        #[arg(long, default_value = DEFAULT_DIRECTORY, value_name = "DIR")]
        state: PathBuf,
        /// How its code will be run
        #[arg(long, value_enum, default_value_t)]
        engine: Engine,
    },
}

/// How a plugin's code is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Engine {
    /// By an interpreter.
    #[default]
    Interpreted,
    /// As code of this processor.
    Native,
}

impl From<Engine> for EngineChoice {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Interpreted => Self::Interpreted,
            Engine::Native => Self::Native,
        }
    }
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    match &args.verb {
        Verb::List { output } => list(*output, context),
        Verb::Show { file } => show::run(file, context),
        Verb::Test(args) => test::run(args, context),
        Verb::Compile { file, state, engine } => {
            let cache = Cache::new(state.join(PLUGINS));
            let plugin = Plugin { engine: (*engine).into(), ..by_hand(file) };
            let loaded = load(&plugin, &cache)?;
            context.out.line(format_args!("compiled {} {}", loaded.digest, file.display()))?;
            Ok(Exit::Done)
        }
    }
}

fn list(output: Format, context: &Context) -> Result<Exit, CliError> {
    let response = context.client()?.ask(&Request::Plugins)?;
    let Response::Plugins(view) = &response else { return Err(ClientError::Unexpected.into()) };
    if output == Format::Json {
        context.json(&response)?;
        return Ok(Exit::Done);
    }
    if view.plugins.is_empty() {
        context.out.line("the configuration names no plugin")?;
    }
    let rows: Vec<Vec<Cell>> = view.plugins.iter().map(row).collect();
    table::lines(context.out, 2, &rows).into_iter().try_for_each(|line| context.out.line(line))?;
    Ok(Exit::Done)
}

fn row(plugin: &PluginView) -> Vec<Cell> {
    let tone = match plugin.state.as_str() {
        "Ready" => Tone::Good,
        "Loading" => Tone::Pending,
        _ => Tone::Bad,
    };
    let sum = plugin.sha256.as_deref().map_or("-", |sum| sum.get(..12).unwrap_or(sum));
    let said = plugin.message.as_deref().unwrap_or_default();
    vec![
        (Tone::Strong, plugin.name.clone()),
        (tone, plugin.state.clone()),
        (Tone::Plain, plugin.hooks.join(",")),
        (Tone::Faint, sum.to_owned()),
        (Tone::Faint, plugin.module.clone()),
        (Tone::Plain, said.to_owned()),
    ]
}

/// A plugin that no file asks for, whatever it is: whoever runs it by hand may see what it does.
fn by_hand(file: &Path) -> Plugin {
    Plugin {
        name: file.file_stem().unwrap_or_default().to_string_lossy().as_ref().into(),
        module: file.display().to_string(),
        sha256: None,
        hooks: Vec::new(),
        grants: Grants { iccid: true, imsi: true, ..Grants::default() },
        outlets: Vec::new(),
        limits: PluginLimits::default(),
        on_error: OnError::BuiltIn,
        engine: EngineChoice::Interpreted,
        config: "{}".to_owned(),
    }
}

fn load(plugin: &Plugin, cache: &Cache) -> Result<Loaded, CliError> {
    let pin = Pin { max_bytes: MAX_BYTES, ..Pin::default() };
    let module = Module::read(Path::new(&plugin.module), pin).map_err(|error| CliError::Plugin(error.to_string()))?;
    let compiler = Compiler::of_this_program(Effort::BY_HAND);
    let loaded = Loaded::new(&module, plugin, &compiler, cache);
    loaded.map_err(|error| CliError::Plugin(format!("{}: {error}", plugin.module)))
}
