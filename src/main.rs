//! The command `wwan`.

fn main() -> std::process::ExitCode {
    wwan::cli::main()
}
