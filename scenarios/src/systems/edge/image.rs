//! A file that holds all pairs of a store, and is replaced as a whole.
//!
//! It stands for the database where a race is what matters, and not what SQLite does to its pages: the file is written to a temporary,
//! synced, renamed, and the directory is synced.

use std::io;
use std::path::Path;

use plimsoll_reference::fs::{FsOps, OpenOptions, read_to_end, write_all_at};
use plimsoll_reference::mutation::Mutation;
use plimsoll_sim::trial::history::Pairs;

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::systems) struct Image {
    pub(in crate::systems) pairs: Pairs,
    /// How often it was replaced, where that matters.
    pub(in crate::systems) revision: u64,
}

/// Reads a file; nothing when it is not there.
///
/// # Errors
/// The file cannot be read, or is no whole image (`InvalidData`).
pub(in crate::systems) fn load(fs: &dyn FsOps, path: &str) -> io::Result<Option<Image>> {
    let Some(bytes) = take(fs, path)? else {
        return Ok(None);
    };
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, format!("`{path}` is damaged"));
    let text = String::from_utf8(bytes).map_err(|_| damaged())?;
    parse(&text).map(Some).ok_or_else(damaged)
}

/// Replaces a file. Where this fails the old one may or may not be in place, never anything else.
///
/// # Errors
/// An operation failed.
pub(in crate::systems) fn save(fs: &dyn FsOps, path: &str, image: &Image) -> io::Result<()> {
    save_by(fs, path, &format!("{path}.new"), image)
}

/// The same, by way of a temporary of this name.
///
/// # Errors
/// An operation failed.
pub(in crate::systems) fn save_by(
    fs: &dyn FsOps,
    path: &str,
    temporary: &str,
    image: &Image,
) -> io::Result<()> {
    let replaced = write(fs, temporary, &text(image))
        .and_then(|()| fs.rename(Path::new(temporary), Path::new(path)));
    if replaced.is_err() {
        // The next one is written over it anyway.
        let _ = fs.remove_file(Path::new(temporary));
    }
    replaced?;
    fs.sync_dir(Path::new(""))
}

/// Writes a file in place, line by line: until this returns there is neither the old one nor the new one.
///
/// # Errors
/// An operation failed.
pub(in crate::systems) fn overwrite(fs: &dyn FsOps, path: &str, image: &Image) -> io::Result<()> {
    let options = OpenOptions::read_write().create().truncate();
    let file = fs.open(Path::new(path), options)?;
    let mut offset = 0;
    for line in text(image).split_inclusive('\n') {
        write_all_at(&*file, line.as_bytes(), offset)?;
        offset += line.len() as u64;
    }
    file.close()
}

/// The bytes of a file; nothing when it is not there.
///
/// # Errors
/// The file cannot be read.
pub(in crate::systems) fn take(fs: &dyn FsOps, path: &str) -> io::Result<Option<Vec<u8>>> {
    match fs.open(Path::new(path), OpenOptions::read_only()) {
        Ok(file) => read_to_end(&*file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(fs: &dyn FsOps, path: &str, text: &str) -> io::Result<()> {
    // What is left of an earlier one may be a second name of the file in place, where a power loss came amid the rename: it is removed,
    // and not cut to nothing.
    match fs.remove_file(Path::new(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = fs.open(Path::new(path), OpenOptions::read_write().create_new())?;
    write_all_at(&*file, text.as_bytes(), 0)?;
    file.sync_all()?;
    file.close()
}

/// One line, behind its checksum.
pub(in crate::systems) fn show(line: &str) -> String {
    format!("{:08x} {line}\n", crc32c::crc32c(line.as_bytes()))
}

/// The line that [`show`] wrote; nothing where a part of it is missing.
pub(in crate::systems) fn shown(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let (checksum, line) = line.split_once(' ')?;
    let checksum = u32::from_str_radix(checksum, 16).ok()?;
    (checksum == crc32c::crc32c(line.as_bytes())).then_some(line)
}

/// An image as text, with its checksum.
pub(in crate::systems) fn text(image: &Image) -> String {
    let mut text: String = image
        .pairs
        .iter()
        .map(|(key, value)| {
            let put = Mutation::Put {
                key: key.clone(),
                value: value.clone(),
            };
            format!("{put}\n")
        })
        .collect();
    let checksum = crc32c::crc32c(text.as_bytes());
    text.push_str(&format!("end {} {checksum:08x}\n", image.revision));
    text
}

/// Reads what [`text`] wrote; nothing where a part of it is missing.
pub(in crate::systems) fn parse(text: &str) -> Option<Image> {
    let body = text.strip_suffix('\n')?;
    let start = body.rfind('\n').map_or(0, |end| end + 1);
    let (lines, last) = text.split_at_checked(start)?;
    let (revision, checksum) = last.trim_end().strip_prefix("end ")?.split_once(' ')?;
    if u32::from_str_radix(checksum, 16).ok()? != crc32c::crc32c(lines.as_bytes()) {
        return None;
    }
    let mut pairs = Pairs::new();
    for line in lines.lines() {
        let Ok(Mutation::Put { key, value }) = line.parse() else {
            return None;
        };
        pairs.insert(key, value);
    }
    Some(Image {
        pairs,
        revision: revision.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use plimsoll_faults::disk::SimFs;
    use plimsoll_faults::image::Image as Disk;

    use super::*;

    #[test]
    fn what_is_saved_is_loaded() {
        let fs = SimFs::new(Disk::new());
        assert_eq!(load(&fs, "a").expect("it can be read"), None);
        let mut image = Image::default();
        for number in 0..3_u8 {
            save(&fs, "a", &image).expect("it can be written");
            let loaded = load(&fs, "a").expect("it can be read");
            assert_eq!(loaded.as_ref(), Some(&image));
            image.pairs.insert(vec![number], vec![b'v'; 600]);
            image.revision += 1;
        }
    }

    #[test]
    fn a_part_is_no_image() {
        let image = Image {
            pairs: Pairs::from([(b"a".to_vec(), b"1".to_vec())]),
            revision: 7,
        };
        let whole = text(&image);
        assert_eq!(parse(&whole), Some(image));
        for len in 0..whole.len() {
            assert_eq!(parse(&whole[..len]), None, "{len} bytes");
        }
    }
}
