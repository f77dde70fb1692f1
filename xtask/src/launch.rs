//! What `cargo xtask` runs: it starts the real command line, built so that worlds can be simulated.
//!
//! The simulated world is compiled in by `--cfg madsim`. A flag in `.cargo/config.toml` would be lost as soon as somebody sets
//! `RUSTFLAGS`, and a run without it would simulate nothing. So the flag is added here to whatever the environment says, and everything
//! that cargo is asked to build from here on gets it, tests and benchmarks too.
//!
//! **Not covered**: `rustflags` of configuration files. Cargo takes them only where the environment sets none.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::Command;

/// What the compiler is told, one word each.
const FLAGS: [&str; 2] = ["--cfg", "madsim"];

/// Between the words of an encoded variable, which may hold spaces.
const SEPARATOR: &str = "\u{1f}";

fn main() -> io::Result<()> {
    let mut command = Command::new(variable("CARGO").unwrap_or_else(|| "cargo".into()));
    for (kind, plain) in [
        ("CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"),
        ("CARGO_ENCODED_RUSTDOCFLAGS", "RUSTDOCFLAGS"),
    ] {
        command.env(
            kind,
            flags(variable(kind).as_deref(), variable(plain).as_deref()),
        );
    }
    // What cargo told us about this program is not true of what it is going to build, and would have it built anew.
    for (name, _) in env::vars_os() {
        if describes_this_program(&name) {
            command.env_remove(name);
        }
    }
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    command
        .args(["run", "--quiet", "--profile=sim", "--manifest-path"])
        .arg(manifest)
        .args(["--bin=xtask", "--"])
        .args(env::args_os().skip(1));
    replace_this_process(command)
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name)
}

/// What is set, and ours. Cargo prefers the encoded variable, so the plain one is carried over into it.
fn flags(encoded: Option<&OsStr>, plain: Option<&OsStr>) -> OsString {
    let mut words: Vec<OsString> = match (encoded, plain) {
        (Some(encoded), _) => split(encoded, SEPARATOR),
        (None, Some(plain)) => split(plain, " "),
        (None, None) => Vec::new(),
    };
    let is_set = words
        .windows(FLAGS.len())
        .any(|words| words.iter().eq(FLAGS.iter()));
    if !is_set {
        words.extend(FLAGS.map(OsString::from));
    }
    words.join(OsStr::new(SEPARATOR))
}

fn split(words: &OsStr, separator: &str) -> Vec<OsString> {
    let text = words.to_string_lossy();
    text.split(separator)
        .filter(|word| !word.is_empty())
        .map(OsString::from)
        .collect()
}

fn describes_this_program(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix))
    })
}

/// Becomes the other program, so that signals and the exit code are its own.
#[cfg(unix)]
fn replace_this_process(mut command: Command) -> io::Result<()> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec())
}

#[cfg(not(unix))]
fn replace_this_process(mut command: Command) -> io::Result<()> {
    let status = command.status()?;
    std::process::exit(status.code().unwrap_or(1));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(encoded: Option<&str>, plain: Option<&str>) -> String {
        flags(encoded.map(OsStr::new), plain.map(OsStr::new))
            .into_string()
            .expect("UTF-8")
    }

    #[test]
    fn the_flag_is_added_to_whatever_is_set() {
        assert_eq!(joined(None, None), "--cfg\u{1f}madsim");
        assert_eq!(
            joined(None, Some("-C debuginfo=1 ")),
            "-C\u{1f}debuginfo=1\u{1f}--cfg\u{1f}madsim"
        );
        assert_eq!(
            joined(Some("-Cx=a b"), Some("--ignored")),
            "-Cx=a b\u{1f}--cfg\u{1f}madsim"
        );
        // Variables that are set to nothing are set.
        assert_eq!(joined(Some(""), Some("-Cy")), "--cfg\u{1f}madsim");
    }

    #[test]
    fn the_flag_is_added_once() {
        let once = joined(None, Some("--cfg madsim"));
        assert_eq!(once, "--cfg\u{1f}madsim");
        assert_eq!(joined(Some(&once), None), once);
    }
}
