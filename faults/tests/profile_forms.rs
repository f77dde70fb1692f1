//! A profile prints as a file that parses to the same profile.

use arbitrary::{Arbitrary, Unstructured};
use plimsoll_faults::profile::Profile;
use proptest::prelude::*;

fn profile() -> impl Strategy<Value = Profile> {
    prop::collection::vec(any::<u8>(), 0..256).prop_map(|bytes| {
        Profile::arbitrary(&mut Unstructured::new(&bytes))
            .expect("bytes that run out read as zeros")
    })
}

proptest! {
    #[test]
    fn any_profile_prints_as_what_parses_to_it(profile in profile()) {
        let text = profile.to_string();
        let parsed = Profile::parse(&text);
        prop_assert_eq!(parsed.as_ref(), Ok(&profile), "{}", text);
        prop_assert_eq!(parsed.map(|parsed| parsed.to_string()), Ok(text));
    }
}

#[test]
fn shipped_files_parse_print_and_parse_to_the_same() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/profiles");
    let mut names = Vec::new();
    for file in std::fs::read_dir(folder).expect("the profiles are there") {
        let path = file.expect("they can be listed").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        let profile = Profile::parse(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        assert_eq!(
            Profile::parse(&profile.to_string()).as_ref(),
            Ok(&profile),
            "{path:?}"
        );
        names.push(profile.name);
    }
    names.sort();
    let mut shipped: Vec<String> = Profile::shipped()
        .iter()
        .map(|one| one.name.clone())
        .collect();
    shipped.sort();
    assert_eq!(names, shipped, "each file ships");
}
