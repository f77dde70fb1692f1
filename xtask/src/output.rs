//! Where text leaves the process: results to standard output, diagnostics to standard error.

use std::fmt;
use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::exit::Exit;
use crate::sim::options::Color;

/// Style of what went wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Style of what went wrong where nobody promised that it would not.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// Style of what went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Style of headings and labels.
pub(crate) const LABEL: Style = AnsiColor::Cyan.on_default().bold();
/// Style of what can be skipped when reading.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// A message for the user, with the exit code that goes with it.
#[derive(Debug)]
pub(crate) struct Refusal {
    exit: Exit,
    message: String,
    is_report: bool,
}

impl Refusal {
    /// A message and its exit code.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            is_report: false,
        }
    }

    /// A whole report on a file of the user's, which is printed as it is.
    pub(crate) fn report(report: String) -> Self {
        Self {
            exit: Exit::Usage,
            message: report,
            is_report: true,
        }
    }

    /// Its exit code.
    #[cfg(test)]
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

/// Standard output, with colours where they are wanted.
pub(crate) struct Output {
    stream: AutoStream<io::Stdout>,
}

impl Output {
    /// Standard output. The choice of colours holds for standard error as well.
    pub(crate) fn new(color: Color) -> Self {
        let choice = ColorChoice::from(color);
        choice.write_global();
        Self {
            stream: AutoStream::new(io::stdout(), choice),
        }
    }

    /// Writes text and hands it to its reader at once, so that a run can be watched through a pipe.
    pub(crate) fn write(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes())?;
        self.stream.flush()
    }
}

/// Writes a line of progress or advice to standard error. Nobody reading it is no reason to stop.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Says why nothing, or nothing more, was done, and with which code to exit.
pub(crate) fn explain(error: &anyhow::Error) -> Exit {
    let io_error = error.downcast_ref::<io::Error>().map(io::Error::kind);
    if io_error == Some(io::ErrorKind::BrokenPipe) {
        // `sim | head` has seen enough; that is an interruption by other means.
        return Exit::Interrupted;
    }
    match error.downcast_ref::<Refusal>() {
        Some(refusal) if refusal.is_report => note(&refusal.message),
        _ => note(&format!("{BAD}error{BAD:#}: {error:#}")),
    }
    error
        .downcast_ref()
        .map_or(Exit::Usage, |refusal: &Refusal| refusal.exit)
}
