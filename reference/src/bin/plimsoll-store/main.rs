//! The reference store as a program: a server, commands that bring their own server, and commands that only read.

mod cli;
mod parent;
mod reading;
mod store;

use std::process;
use std::sync::Arc;

use clap::Parser;
use plimsoll_reference::host::{Host, StdProcess};
use plimsoll_reference::standalone::USAGE;

use cli::Cli;

fn main() -> process::ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed standard error leaves nobody to tell.
            let _ = error.print();
            return code(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    // One thread: a blocked signal is blocked for the thread that starts children.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(_) => return code(plimsoll_reference::standalone::UNDONE),
    };
    let host = Host::real().with_process(Arc::new(StdProcess::new()));
    let exit_code = runtime.block_on(cli.run(host));
    // Jobs that wait for input that never comes are not waited for.
    runtime.shutdown_background();
    code(exit_code)
}

fn code(code: i32) -> process::ExitCode {
    process::ExitCode::from(u8::try_from(code).unwrap_or(1))
}
