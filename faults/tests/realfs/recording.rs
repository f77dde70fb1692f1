//! The recordings, as they lie on the disk.

use plimsoll_faults::litmus::Program;
use serde::Deserialize;

/// One program with what crashes left of it.
pub(crate) struct Observed {
    pub(crate) program: Program,
    /// By interval: the states seen when the crash came after that many steps had returned.
    pub(crate) intervals: Vec<Vec<String>>,
}

#[derive(Deserialize)]
struct File {
    programs: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    intervals: Vec<Interval>,
}

#[derive(Deserialize)]
struct Interval {
    after: usize,
    step: String,
    states: Vec<String>,
}

/// Reads a recording and the programs it is of.
pub(crate) fn load(file: &str) -> Vec<Observed> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/realfs");
    let set = match file.split('-').next() {
        Some("random") => "programs/random",
        Some("scheduled") => "programs/scheduled",
        _ => "programs",
    };
    let text = std::fs::read_to_string(format!("{root}/{file}")).expect("the recording is there");
    let parsed: File = serde_json::from_str(&text).expect("the recording is JSON");
    let observed = parsed.programs.into_iter().map(|entry| {
        let path = format!("{root}/{set}/{}.litmus", entry.name);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let program = Program::parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(program.name, entry.name);
        for interval in &entry.intervals {
            let step = interval.after.checked_sub(1);
            let written = step.map(|index| program.steps[index].to_string());
            assert_eq!(written.as_deref().unwrap_or("(start)"), interval.step);
        }
        let intervals = entry.intervals.into_iter();
        Observed {
            program,
            intervals: intervals.map(|interval| interval.states).collect(),
        }
    });
    observed.collect()
}
