//! A profile as the text of a file: every parameter, with what it means, in the order in which the shipped files have them.

use std::fmt;

use toml::Table;

use super::Profile;

/// A parameter in a printed profile.
struct Parameter {
    name: &'static str,
    /// What it says, for people. The values that exist are named where they are words.
    says: &'static str,
}

macro_rules! parameters {
    ($($name:literal $says:literal)*) => {
        &[$(Parameter { name: $name, says: $says },)*]
    };
}

/// The parameters of every profile, in groups.
const GROUPS: &[&[Parameter]] = &[
    parameters! {
        "version" "Format of this file."
        "name" "The name by which it is chosen."
        "title" "One sentence for lists."
    },
    parameters! {
        "tear" "How an unsynced write may be torn: none, sector-prefix, block-prefix, any-blocks, any-sectors or thirds."
        "atomic_unit" "Bytes that the disk writes whole or not at all: 512 or 4096."
        "interrupted_sector" "What is left of the unit that was being written: none (old or new) or garbage."
        "powersafe_overwrite" "Whether an interrupted write leaves the bytes around it alone."
    },
    parameters! {
        "extend_exposes" "What a new length without its data shows: none (there is no such), zeros or garbage."
        "size_after_new_block_data" "Whether a new length waits for the data in its new blocks."
        "size_grows_by_block" "Whether a write of several blocks may persist as a shorter one."
        "same_file_meta_ordered" "Whether changes of one file's length persist in order."
        "in_block_size_journalled" "Whether growth within the last allocated block goes through the journal, at once."
        "truncate_atomic" "Whether setting the length is one journalled change, with the data that it cuts off."
        "cut_zeroes_late" "Whether a cut may be durable before the rest of its last block is zeroed."
        "reuse_waits_for_commit" "Whether freed blocks are written again only once the cut is durable."
    },
    parameters! {
        "dirop_atomic" "Whether one operation's changes of directories persist together."
        "dirop_order" "In which order changes of directories persist: none, per-dir or global."
        "rename_replace_waits" "What a rename over a file waits for, of the new one: nothing, size or data."
    },
    parameters! {
        "fsync_covers" "What fsync of a file makes durable: data, size, own-names, prior-metadata, all-metadata, prior-metadata-if-size, \
                        all-metadata-if-asked."
        "fdatasync_covers" "The same of fdatasync."
        "fsync_dir_covers" "The same of fsync of a directory, which has entries."
        "sync_escapes_order" "Whether a sync writes what it covers ahead of what the order puts before it."
    },
    parameters! {
        "fsync_failure" "How fsync fails: F1 to F11."
        "error_report" "Who is told of it: per-fd-once, once-global or sticky."
    },
];

/// The parameters of the servers, in the table `[network]`.
const NETWORK: &[Parameter] = parameters! {
    "crashes" "The kinds of crash that apply."
    "stripe_bytes" "Bytes of a file that follow each other on one object target: a multiple of 4096."
    "stripe_count" "Object targets that a file is spread over: 1 to 16."
    "namespace" "When a change of names is durable: journal (some time after the reply) or stable-on-reply."
    "metadata_replay" "Whether clients replay what a restarted metadata server had not committed: complete or may-fail."
    "async_export" "Whether the server acknowledges before anything is durable."
    "silly_rename" "Whether an open file that is unlinked keeps a name until it is closed."
    "close_covers" "What close of a handle open for writing makes durable, as in fsync_covers."
};

/// The text of a file that [parses](Profile::parse) to the same profile. What a shipped file says of its sources is not in it.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = Table::try_from(self).map_err(|_| fmt::Error)?;
        for (index, group) in GROUPS.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write(f, &table, group)?;
        }
        match table.get("network") {
            None => Ok(()),
            Some(network) => {
                writeln!(f, "\n[network]")?;
                write(f, network.as_table().ok_or(fmt::Error)?, NETWORK)
            }
        }
    }
}

fn write(f: &mut fmt::Formatter<'_>, table: &Table, parameters: &[Parameter]) -> fmt::Result {
    for parameter in parameters {
        let value = table.get(parameter.name).ok_or(fmt::Error)?;
        writeln!(f, "# {}\n{} = {value}", parameter.says, parameter.name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The words for which a parameter can be set that has words.
    fn words(parameter: &str) -> Option<BTreeSet<String>> {
        let base = if NETWORK.iter().any(|known| known.name == parameter) {
            "lustre-2.16 + network."
        } else {
            "xfs + "
        };
        let list = parameter.ends_with("covers");
        let value = if list { "[\"no-such\"]" } else { "no-such" };
        let error = Profile::varied(&format!("{base}{parameter}={value}")).err()?;
        let (_, expected) = error
            .message
            .split_once("unknown variant `no-such`, expected ")?;
        let names = expected.split('`').skip(1).step_by(2).map(str::to_owned);
        Some(names.collect())
    }

    #[test]
    fn every_word_that_a_parameter_takes_is_in_what_is_said_of_it() {
        let mut checked = 0;
        for parameter in GROUPS.iter().copied().flatten().chain(NETWORK) {
            // The lists of the other syncs say that they are the same, and kinds of crash and failures have documents of their own.
            let says_same = parameter.says.contains("same") || parameter.says.contains("as in");
            if says_same || matches!(parameter.name, "crashes" | "fsync_failure") {
                continue;
            }
            for word in words(parameter.name).unwrap_or_default() {
                let is_of_directories = parameter.name == "fsync_covers" && word == "entries";
                assert!(
                    is_of_directories || parameter.says.contains(&word),
                    "{}: {word}",
                    parameter.name
                );
                checked += 1;
            }
        }
        assert!(checked > 20, "{checked} words were found");
    }

    #[test]
    fn a_printed_profile_reads_like_a_file() {
        let text = Profile::named("nfs-sync").expect("it ships").to_string();
        assert!(
            text.starts_with("# Format of this file.\nversion = 1\n"),
            "{text}"
        );
        assert!(text.contains("\ntear = \"any-sectors\"\n"), "{text}");
        assert!(
            text.contains("\nfsync_covers = [\"data\", \"size\"]\n"),
            "{text}"
        );
        assert!(text.contains("\n\n[network]\n"), "{text}");
    }
}
