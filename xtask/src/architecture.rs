//! What `ARCHITECTURE.md` says of the crates, held to the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// The crates, in the order in which they may depend on each other: each on those before it.
const CRATES: [(&str, &str); 5] = [
    ("reference", "plimsoll-reference"),
    ("faults", "plimsoll-faults"),
    ("sim", "plimsoll-sim"),
    ("scenarios", "plimsoll-scenarios"),
    ("xtask", "xtask"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the workspace")
        .to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Our crates that a manifest names as dependencies, of whatever kind.
fn dependencies(folder: &str) -> Vec<&'static str> {
    let manifest = read(&root().join(folder).join("Cargo.toml"));
    let lines: Vec<&str> = manifest
        .lines()
        .filter(|line| !line.trim_start().starts_with("name ="))
        .collect();
    CRATES
        .iter()
        .map(|(_, package)| *package)
        .filter(|package| lines.iter().any(|line| line.starts_with(package)))
        .collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn dependencies_point_one_way() {
    for (position, (folder, _)) in CRATES.iter().enumerate() {
        let allowed: Vec<&str> = CRATES[..position]
            .iter()
            .map(|(_, package)| *package)
            .collect();
        for dependency in dependencies(folder) {
            assert!(
                allowed.contains(&dependency),
                "{folder} depends on {dependency}, which comes after it"
            );
        }
    }
    assert_eq!(
        dependencies("sim"),
        ["plimsoll-reference", "plimsoll-faults"]
    );
}

#[test]
fn the_page_names_every_crate_and_says_what_each_must_not_do() {
    let page = read(&root().join("ARCHITECTURE.md"));
    for (folder, _) in CRATES {
        let heading = format!("### `{folder}`");
        let section = page
            .split_once(&heading)
            .unwrap_or_else(|| panic!("there is no section {heading}"))
            .1;
        let section = section.split("\n### ").next().unwrap_or(section);
        assert!(
            section.contains("**Invariant:**"),
            "{folder} has no invariant"
        );
    }
}

/// The files that talk to C, and the one that changes stacks.
const TALKS_TO_C: [&str; 8] = [
    "reference/src/sqlite/vfs/control.rs",
    "reference/src/sqlite/vfs/file_methods.rs",
    "reference/src/sqlite/vfs/random.rs",
    "reference/src/sqlite/vfs/shared_memory.rs",
    "reference/src/sqlite/vfs/slot.rs",
    "reference/src/sqlite/vfs/vfs_methods.rs",
    "scenarios/tests/sqlite_vfs/files.rs",
    "sim/src/world/fiber.rs",
];

#[test]
fn there_is_no_unsafe_code_outside_the_files_that_need_it() {
    let mut files = Vec::new();
    for (folder, _) in CRATES {
        sources(&root().join(folder), &mut files);
    }
    assert!(files.len() > 50, "the sources were found");
    let word = ["un", "safe "].concat();
    for file in files {
        let uses = read(&file)
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .any(|line| line.contains(&word) && !line.contains('"'));
        let name = file.strip_prefix(root()).expect("it lies in the workspace");
        let may = TALKS_TO_C.iter().any(|path| name == Path::new(path));
        assert_eq!(
            uses,
            may,
            "{}: only files that talk to C or change stacks, and all that are listed as such, have code that the compiler cannot check",
            file.display()
        );
    }
}

#[test]
fn a_lib_declares_and_nothing_else() {
    for (folder, _) in &CRATES[..4] {
        let lib = read(&root().join(folder).join("src/lib.rs"));
        let has_items = lib.lines().any(|line| {
            line.starts_with("fn ") || line.starts_with("pub fn ") || line.starts_with("impl ")
        });
        assert!(!has_items, "{folder}/src/lib.rs has code of its own");
    }
}
