//! The compiler: a child process of our own program, so that a module that was made to make it run for ever, or to eat all
//! memory, does that to a process which may not.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use super::engine;
use super::precompiled::Proven;
use crate::model::{EngineChoice, plugin};

/// What the child is started with: a hidden verb of the command line.
pub const CHILD_VERB: &str = "compile-plugin";

/// Largest result that is taken from the child.
const MAX_RESULT: u64 = 256 << 20;
/// Words of the child that are kept.
const WORDS: usize = 400;

/// What a compilation may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effort {
    /// Seconds of the processor.
    pub seconds: u64,
    /// Bytes of address space.
    pub address_space: u64,
}

impl Effort {
    /// Beside a running daemon: 4 MiB of module take some seconds on a small gateway, and 100 MiB.
    pub const BESIDE_THE_DAEMON: Self = Self { seconds: 30, address_space: 1 << 30 };
    /// By hand, ahead of time.
    pub const BY_HAND: Self = Self { seconds: 600, address_space: 4 << 30 };
}

/// The compiler.
#[derive(Clone, Debug)]
pub struct Compiler {
    program: PathBuf,
    effort: Effort,
}

/// Why a module was not compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// This build cannot.
    #[error(
        "this build of wwan has no compiler, and there is no compiled form of this plugin: `wwan plugin compile` makes one where there is a compiler"
    )]
    NoCompiler,
    /// There is no process to do it.
    #[error("cannot start the compiler: {0}")]
    Start(#[source] io::Error),
    /// It cannot be talked to.
    #[error("the compiler does not answer: {0}")]
    Talk(#[source] io::Error),
    /// The module is not valid, in the compiler's words.
    #[error("{0}")]
    Invalid(String),
    /// It ran into its limits, or into an error of its own.
    #[error("compiling it takes more than it may ({seconds} s, {mebibytes} MiB): {how}")]
    Killed {
        /// Seconds of the processor.
        seconds: u64,
        /// Address space.
        mebibytes: u64,
        /// How the process ended.
        how: String,
    },
}

impl Compiler {
    /// The program that is running, whatever has become of its file.
    #[must_use]
    pub fn of_this_program(effort: Effort) -> Self {
        Self { program: PathBuf::from("/proc/self/exe"), effort }
    }

    /// This program, which must be `wwan`.
    #[must_use]
    pub fn of(program: PathBuf, effort: Effort) -> Self {
        Self { program, effort }
    }

    /// Compiles a module.
    ///
    /// # Errors
    /// It is not valid, or takes too much.
    pub(super) fn compile(&self, module: &[u8], choice: EngineChoice) -> Result<Proven, CompileError> {
        if cfg!(not(feature = "wasm-compiler")) {
            return Err(CompileError::NoCompiler);
        }
        let Effort { seconds, address_space } = self.effort;
        let mut child = Command::new(&self.program)
            .args([OsString::from(CHILD_VERB), name(choice).into()])
            .args([seconds.to_string(), address_space.to_string()])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(CompileError::Start)?;
        if let Some(mut to) = child.stdin.take() {
            // A child that ends before it has read everything says why on its own.
            drop(to.write_all(module));
        }
        let mut code = Vec::new();
        if let Some(from) = child.stdout.take() {
            from.take(MAX_RESULT).read_to_end(&mut code).map_err(CompileError::Talk)?;
        }
        let mut said = String::new();
        if let Some(from) = child.stderr.take() {
            // What is no text says nothing.
            drop(from.take(64 << 10).read_to_string(&mut said));
        }
        let status = child.wait().map_err(CompileError::Talk)?;
        self.verdict(status, code, &said)
    }

    fn verdict(&self, status: ExitStatus, code: Vec<u8>, said: &str) -> Result<Proven, CompileError> {
        match status.code() {
            Some(0) => Ok(Proven::vouch(code)),
            Some(1) => Err(CompileError::Invalid(plugin::plain(said, WORDS))),
            Some(_) | None => {
                let how = format!("{status} {}", plugin::plain(said, 100));
                let Effort { seconds, address_space } = self.effort;
                Err(CompileError::Killed { seconds, mebibytes: address_space >> 20, how: how.trim().to_owned() })
            }
        }
    }
}

fn name(choice: EngineChoice) -> &'static str {
    match choice {
        EngineChoice::Interpreted => "interpreted",
        EngineChoice::Native => "native",
    }
}

/// The child: a module from standard input, its compiled form to standard output. `arguments`: engine, seconds, bytes.
#[must_use]
pub fn child(arguments: &[OsString]) -> ExitCode {
    match compile_here(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Nobody else is told.
            drop(io::stderr().write_all(why.as_bytes()));
            ExitCode::from(1)
        }
    }
}

fn compile_here(arguments: &[OsString]) -> Result<(), String> {
    let texts: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let [choice, seconds, bytes] = texts.as_slice() else { return Err("ENGINE SECONDS BYTES".to_owned()) };
    let choice = [EngineChoice::Interpreted, EngineChoice::Native].into_iter().find(|known| name(*known) == *choice);
    let choice = choice.ok_or("no such engine")?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| "no number".to_owned());
    confine(number(seconds)?, number(bytes)?)?;
    let mut module = Vec::new();
    io::stdin().read_to_end(&mut module).map_err(|error| error.to_string())?;
    let engine = engine::new(choice).map_err(|error| super::words(&error))?;
    let code = precompile(&engine, &module)?;
    io::stdout().write_all(&code).map_err(|error| error.to_string())
}

/// Gives up what compiling does not need, before anything of the module is looked at.
fn confine(seconds: u64, bytes: u64) -> Result<(), String> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let limits = [
        (Resource::Cpu, seconds),
        (Resource::As, bytes),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, 8),
    ];
    for (resource, limit) in limits {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })
            .map_err(|error| format!("cannot limit myself: {error}"))?;
    }
    Ok(())
}

#[cfg(feature = "wasm-compiler")]
fn precompile(engine: &wasmtime::Engine, module: &[u8]) -> Result<Vec<u8>, String> {
    engine.precompile_component(module).map_err(|error| super::words(&error))
}

#[cfg(not(feature = "wasm-compiler"))]
fn precompile(_: &wasmtime::Engine, _: &[u8]) -> Result<Vec<u8>, String> {
    Err("this build has no compiler".to_owned())
}
