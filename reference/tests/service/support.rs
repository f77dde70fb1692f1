//! A service with pipes in memory, signals that a test sends, and time that stands still unless everybody waits.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use plimsoll_reference::clock::Clock;
use plimsoll_reference::host::{
    Child, Disposition, Failed, Host, Input, Later, Output, PIPE_BYTES, ProcessOps, Program,
    Signal, Signals, StdProcess,
};
use plimsoll_reference::native::{LogMode, Options};
use plimsoll_reference::service::{EngineOptions, ServiceOptions, serve};
use plimsoll_reference::sqlite;

use crate::rigged::RiggedFs;

/// Runs a test on a runtime of one thread. An hour of time that stands still is an end in itself: nothing happens any more.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let hour = Duration::from_secs(3600);
        tokio::time::timeout(hour, test)
            .await
            .expect("something happens within an hour");
    });
}

/// An empty directory with a host of its own.
pub(crate) struct Bench {
    dir: tempfile::TempDir,
    pub(crate) fs: RiggedFs,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let fs = RiggedFs::new(dir.path());
        Self { dir, fs }
    }

    pub(crate) fn host(&self) -> Host {
        let clock = Arc::new(PausedClock {
            origin: tokio::time::Instant::now(),
        });
        Host::new(Arc::new(self.fs.clone()), clock).with_process(Arc::new(StdProcess::new()))
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }
}

/// The time of a runtime that is paused.
struct PausedClock {
    origin: tokio::time::Instant,
}

impl Clock for PausedClock {
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn sleep(&self, _: Duration) {
        unreachable!("nothing here waits like that");
    }
}

/// Durable at each commit.
pub(crate) fn native() -> EngineOptions {
    EngineOptions::Native(Options::new("data"))
}

/// In memory until there is a snapshot.
pub(crate) fn native_in_memory() -> EngineOptions {
    EngineOptions::Native(Options::new("data").log_mode(LogMode::Never))
}

pub(crate) fn on_sqlite() -> EngineOptions {
    EngineOptions::Sqlite(sqlite::Options::file("store.db").snapshot_path("snapshots/store.db"))
}

pub(crate) fn sqlite_in_memory() -> EngineOptions {
    EngineOptions::Sqlite(sqlite::Options::memory().snapshot_path("snapshots/store.db"))
}

/// A service under way, as its client sees it.
pub(crate) struct Session {
    pub(crate) stdin: Option<DuplexStream>,
    stdout: Option<BufReader<DuplexStream>>,
    bells: Arc<Bells>,
    stderr: Arc<Mutex<Vec<u8>>>,
    served: JoinHandle<i32>,
}

impl Session {
    /// Starts a service and does not wait for its first line.
    pub(crate) fn begin(bench: &Bench, options: ServiceOptions) -> Self {
        let (stdin, its_stdin) = tokio::io::duplex(PIPE_BYTES);
        let (stdout, its_stdout) = tokio::io::duplex(PIPE_BYTES);
        let (bells, stderr) = (Arc::new(Bells::default()), Arc::default());
        let process = TestProcess {
            real: StdProcess::new(),
            stdin: Mutex::new(Some(its_stdin)),
            stdout: Mutex::new(Some(its_stdout)),
            stderr: Arc::clone(&stderr),
            bells: Arc::clone(&bells),
        };
        let host = bench.host().with_process(Arc::new(process));
        Self {
            stdin: Some(stdin),
            stdout: Some(BufReader::new(stdout)),
            bells,
            stderr,
            served: tokio::spawn(serve(host, options)),
        }
    }

    /// Starts a service, which shows this sequence number when it is ready.
    pub(crate) async fn start(bench: &Bench, options: ServiceOptions, sequence: u64) -> Self {
        let mut session = Self::begin(bench, options);
        let pid = std::process::id();
        session.says(&format!("ready {pid} {sequence}")).await;
        session
    }

    /// Sends lines.
    pub(crate) async fn ask(&mut self, lines: &[&str]) {
        let mut text = lines.join("\n");
        text.push('\n');
        self.write(&text).await;
    }

    /// Sends text as it is.
    pub(crate) async fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("it is open");
        stdin.write_all(text.as_bytes()).await.expect("it is read");
    }

    /// The next line.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        let stdout = self.stdout.as_mut().expect("it is open");
        stdout.read_line(&mut line).await.expect("UTF-8");
        assert!(line.ends_with('\n'), "`{line}` is whole");
        line.pop();
        line
    }

    /// Expects this line next.
    #[track_caller]
    pub(crate) fn says(&mut self, expected: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let line = self.line().await;
            assert_eq!(line, expected, "at {caller}");
        }
    }

    /// Expects a line that begins like this next.
    #[track_caller]
    pub(crate) fn begins(&mut self, expected: &str) -> impl Future<Output = String> {
        let caller = std::panic::Location::caller();
        async move {
            let line = self.line().await;
            assert!(
                line.starts_with(expected),
                "`{line}` does not begin `{expected}`, at {caller}"
            );
            line
        }
    }

    /// Asks, and expects this answer.
    #[track_caller]
    pub(crate) fn asked<'a>(
        &'a mut self,
        line: &'a str,
        expected: &'a str,
    ) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            self.ask(&[line]).await;
            let answer = self.line().await;
            assert_eq!(answer, expected, "`{line}` at {caller}");
        }
    }

    pub(crate) fn raise(&self, signal: Signal) {
        self.bells.of(signal).notify_one();
    }

    /// Ends the input.
    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Nobody reads any longer.
    pub(crate) fn close_output(&mut self) {
        self.stdout = None;
    }

    /// Waits for the exit code without reading.
    pub(crate) async fn code(&mut self) -> i32 {
        (&mut self.served).await.expect("no panic")
    }

    /// The last line, with nothing behind it, and the exit code.
    pub(crate) async fn ended(&mut self) -> (String, i32) {
        let last = self.line().await;
        let code = self.code().await;
        let mut rest = String::new();
        let stdout = self.stdout.as_mut().expect("it is open");
        stdout.read_to_string(&mut rest).await.expect("UTF-8");
        assert_eq!(rest, "", "behind `{last}`");
        (last, code)
    }

    /// Ends the input and expects this last line and exit code 0.
    pub(crate) async fn end(mut self, expected: &str) {
        self.end_input();
        assert_eq!(self.ended().await, (expected.to_owned(), 0));
    }

    /// What it told people so far.
    pub(crate) fn notes(&self) -> String {
        let bytes = self.stderr.lock().expect("no panic while locked");
        String::from_utf8(bytes.clone()).expect("UTF-8")
    }
}

/// One bell for each signal, which rings once however often it was rung.
#[derive(Default)]
pub(crate) struct Bells(Mutex<BTreeMap<Signal, Arc<Notify>>>);

impl Bells {
    fn of(&self, signal: Signal) -> Arc<Notify> {
        let mut bells = self.0.lock().expect("no panic while locked");
        Arc::clone(bells.entry(signal).or_default())
    }
}

struct Ears(Arc<Notify>);

impl Signals for Ears {
    fn next(&mut self) -> Later<'_, ()> {
        Box::pin(self.0.notified())
    }
}

struct TestProcess {
    real: StdProcess,
    stdin: Mutex<Option<DuplexStream>>,
    stdout: Mutex<Option<DuplexStream>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    bells: Arc<Bells>,
}

struct Pipe(DuplexStream);

impl Input for Pipe {
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> Later<'a, io::Result<usize>> {
        Box::pin(self.0.read(buf))
    }
}

impl Output for Pipe {
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> Later<'a, io::Result<usize>> {
        Box::pin(self.0.write(bytes))
    }
}

struct Paper(Arc<Mutex<Vec<u8>>>);

impl Output for Paper {
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> Later<'a, io::Result<usize>> {
        self.0
            .lock()
            .expect("no panic while locked")
            .extend_from_slice(bytes);
        Box::pin(std::future::ready(Ok(bytes.len())))
    }
}

fn take(pipe: &Mutex<Option<DuplexStream>>) -> Box<Pipe> {
    let taken = pipe.lock().expect("no panic while locked").take();
    Box::new(Pipe(taken.expect("it is taken once")))
}

impl ProcessOps for TestProcess {
    fn id(&self) -> u32 {
        self.real.id()
    }

    fn spawn_task(
        &self,
        name: &'static str,
        task: Later<'static, ()>,
    ) -> Later<'static, Result<(), Failed>> {
        self.real.spawn_task(name, task)
    }

    fn run_blocking(&self, job: Box<dyn FnOnce() + Send>) -> Later<'static, Result<(), Failed>> {
        self.real.run_blocking(job)
    }

    fn sleep(&self, time: Duration) -> Later<'static, ()> {
        self.real.sleep(time)
    }

    fn wall_time(&self) -> Duration {
        Duration::ZERO
    }

    fn catch(&self, signal: Signal) -> io::Result<Box<dyn Signals>> {
        Ok(Box::new(Ears(self.bells.of(signal))))
    }

    fn set_disposition(&self, signal: Signal, disposition: Disposition) -> io::Result<()> {
        self.real.set_disposition(signal, disposition)
    }

    fn set_blocked(&self, signal: Signal, blocked: bool) -> io::Result<()> {
        self.real.set_blocked(signal, blocked)
    }

    fn stdin(&self) -> Box<dyn Input> {
        take(&self.stdin)
    }

    fn stdout(&self) -> Box<dyn Output> {
        take(&self.stdout)
    }

    fn stderr(&self) -> Box<dyn Output> {
        Box::new(Paper(Arc::clone(&self.stderr)))
    }

    fn start(&self, program: &Program) -> io::Result<Box<dyn Child>> {
        self.real.start(program)
    }

    fn exit(&self, code: i32) -> Later<'static, Infallible> {
        self.real.exit(code)
    }
}
