//! What the README shows is what the program prints.

use std::path::Path;
use std::process::Command;

#[test]
fn the_failure_shown_is_real() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the workspace");
    let page = std::fs::read_to_string(root.join("README.md")).expect("the page is there");
    let block = page
        .split("```")
        .find(|block| block.trim_start().starts_with("expected["))
        .expect("the page shows a failure");
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["sim", "repro", "mx-r10-rename-before-sync@ext4-ordered"])
        .output()
        .expect("the program runs");
    let printed = String::from_utf8(output.stdout).expect("it prints text");
    // What is shown is all of it, from its first line on, but for what the marks stand for.
    let mut rest = printed.as_str();
    for part in block.trim_start().split("  [...]\n") {
        let at = rest.find(part);
        let at = at.unwrap_or_else(|| panic!("not printed here:\n{part}\n{printed}"));
        assert!(rest[..at].is_empty() || rest[..at].ends_with('\n'));
        rest = &rest[at + part.len()..];
    }
    assert!(rest.starts_with("\nreproduce: "), "there is more: {rest}");
}
