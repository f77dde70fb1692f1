//! Child processes.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::later::Later;
use super::signal::Signal;
use super::stdio::{Input, Output};

/// A program to start. Its standard input and output are pipes to the parent, its standard error is the parent's.
///
/// It is in a process group of its own: a signal to the group of its parent does not reach it before it has handlers.
///
/// A child that is not waited for goes on when the parent ends, and sees the end of its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The executable file, or a name that is looked up as the operating system does.
    pub path: PathBuf,
    /// Arguments, without the name of the program.
    pub arguments: Vec<String>,
}

impl Program {
    /// A program without arguments.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            arguments: Vec::new(),
        }
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExitStatus {
    /// By itself, with this code; 0 is success.
    Code(i32),
    /// By a signal with this number.
    Signal(i32),
}

impl ExitStatus {
    /// Whether it ended by itself and says that all went well.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(number) => {
                let known = Signal::ALL
                    .into_iter()
                    .find(|signal| signal.number() == *number);
                match known {
                    Some(signal) => write!(f, "{signal}"),
                    None => write!(f, "signal {number}"),
                }
            }
        }
    }
}

/// A child process. Dropping it neither ends nor reaps it.
pub trait Child: Send {
    /// Its process number. Once it was waited for, the number may be another process's.
    fn id(&self) -> u32;

    /// The pipe to its standard input, the first time; dropping that closes it.
    fn take_stdin(&mut self) -> Option<Box<dyn Output>>;

    /// The pipe from its standard output, the first time.
    fn take_stdout(&mut self) -> Option<Box<dyn Input>>;

    /// Sends a signal. It may arrive any time later.
    ///
    /// # Errors
    /// `ESRCH` when the child was waited for: the signal is never sent to whatever has its number then.
    fn signal(&mut self, signal: Signal) -> io::Result<()>;

    /// Waits for its end. Dropping the future loses nothing; once it has ended, every call says how.
    ///
    /// # Errors
    /// As `waitpid(2)`, `EINTR` excepted.
    fn wait(&mut self) -> Later<'_, io::Result<ExitStatus>>;
}
