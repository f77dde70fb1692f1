//! The bugs.

use crate::specimens::mends::bugs;

bugs! {
    H3, "The copy into the file pauses for a quarter of a second after every five pages.";
    H5, "The temporary of the database and that of its log have one name.";
    R7, "An actor that could not copy its database into the file ends all the same.";
    R8, "The copy is made in place: one that failed leaves something that later actors take for the database.";
    R10, "A request waits while the database is copied into the file, and each later one again when that failed.";
    R14, "The directories of the file are never synced.";
}
