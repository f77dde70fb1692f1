//! From the first look at the options to the exit code.

use crate::host::{Failed, Host, Lines, Program, Signal, patience, write_all};
use crate::service::protocol::{Command, Request};

use super::caught::Caught;
use super::destination::Destination;
use super::options::{StandaloneOptions, UNDONE, USAGE};
use super::parent::{END_TIME, Parent};
use super::refusal::Refusal;
use super::source::Source;

/// Starts a server, has it do what standard input asks for until the end of that, and ends it. Returns the exit code: 0, [`UNSAFE`],
/// [`USAGE`] or [`UNDONE`].
///
/// `SIGTERM`, `SIGINT` and `SIGHUP` end it as the end of the input does, and so does a standard output that nobody reads. A second `SIGTERM`
/// or `SIGINT` breaks nothing off, unless the server has not opened the store yet: then it is left to itself. `SIGUSR1` asks for a snapshot.
/// All of them may reach the server as well.
///
/// [`UNSAFE`]: super::UNSAFE
pub async fn run(host: Host, options: StandaloneOptions) -> i32 {
    let source = Source::lines(Lines::new(host.process.stdin()));
    begin(host, options, source).await
}

/// As [`run`], with a list of requests without numbers; the first is number 1. Each is made when the one before it was answered well.
pub async fn exec(host: Host, options: StandaloneOptions, commands: Vec<String>) -> i32 {
    if let Err(refusal) = check(&options, &commands) {
        return refuse(&host, &refusal).await;
    }
    begin(host, options, Source::commands(commands)).await
}

/// Looks at all requests before the first is made.
fn check(options: &StandaloneOptions, commands: &[String]) -> Result<(), Refusal> {
    let mut does_write = false;
    for command in commands {
        let request: Request = format!("1 {command}").parse().map_err(|error| {
            let message = format!("`{command}` is no request: {error}");
            Refusal::new(USAGE, message)
        })?;
        does_write |= !matches!(
            request.command,
            Command::Get(_) | Command::Scan | Command::Snapshot
        );
    }
    if options.setup.in_memory && !does_write {
        let message = "--in-memory: these requests write nothing, and a store in memory has nothing to show or to save for them; \
                       leave it out";
        return Err(Refusal::new(USAGE, message));
    }
    Ok(())
}

async fn begin(host: Host, options: StandaloneOptions, source: Source) -> i32 {
    match prepare(host.clone(), options, source).await {
        Ok((parent, destination)) => {
            let code = parent.attend().await;
            // Nobody else works there until everything is over.
            drop(destination);
            code
        }
        Err(refusal) => refuse(&host, &refusal).await,
    }
}

async fn prepare(
    host: Host,
    options: StandaloneOptions,
    source: Source,
) -> Result<(Parent, Destination), Refusal> {
    let usage = |error: super::SetupError| Refusal::new(USAGE, error.to_string());
    options.setup.service_options().map_err(usage)?;
    let program = Program {
        path: options.server.clone(),
        arguments: options.setup.arguments().map_err(usage)?,
    };
    let signals = Caught::install(&*host.process)
        .map_err(|error| Refusal::new(UNDONE, format!("cannot handle signals: {error}")))?;
    let (fs, wanted) = (host.fs.clone(), options.clone());
    let destination = host
        .blocking(move || {
            let StandaloneOptions { setup, resume, .. } = &wanted;
            if wanted.existing {
                Destination::refuse_absent(&*fs, setup)?;
            }
            Destination::take(&*fs, setup, *resume)
        })
        .await
        .map_err(|failed: Failed| Refusal::new(UNDONE, failed.to_string()))??;
    let child = start(&host, &program).map_err(|error| {
        let message = format!(
            "cannot start the server `{}`: {error}; is it installed?",
            program.path.display()
        );
        Refusal::new(UNDONE, message)
    })?;
    let parent = Parent::new(host, options, source, signals, child)?;
    Ok((parent, destination))
}

/// Starts the server. A terminal that goes away sends `SIGHUP` to it as well, and it has no handler: it inherits that the signal is blocked,
/// which takes effect at once.
fn start(host: &Host, program: &Program) -> std::io::Result<Box<dyn crate::host::Child>> {
    host.process.set_blocked(Signal::Hup, true)?;
    let started = host.process.start(program);
    host.process.set_blocked(Signal::Hup, false)?;
    started
}

async fn refuse(host: &Host, refusal: &Refusal) -> i32 {
    let line = format!("plimsoll-store: {}\n", refusal.message);
    let mut stderr = host.process.stderr();
    // Nobody reading it changes nothing.
    let _ = patience(host, END_TIME, write_all(&mut *stderr, line.as_bytes())).await;
    refusal.code
}

#[cfg(test)]
mod tests {
    use super::super::{EngineKind, Setup};
    use super::*;

    #[test]
    fn requests_that_only_read_need_no_store_in_memory() {
        let mut setup = Setup::new("store", EngineKind::Sqlite);
        setup.in_memory = true;
        let options = StandaloneOptions::new("plimsoll-store", setup);
        let check = |commands: &[&str]| {
            let commands: Vec<String> = commands.iter().copied().map(str::to_owned).collect();
            check(&options, &commands).map_err(|refusal| refusal.code)
        };
        assert_eq!(check(&["get a", "scan", "snapshot"]), Err(USAGE));
        assert_eq!(check(&["get a", "put a 1"]), Ok(()));
        assert_eq!(check(&["put a"]), Err(USAGE), "it is no request");
    }
}
