//! The bugs.

use crate::specimens::mends::bugs;

bugs! {
    H1, "What is in memory when nobody has asked for long is dropped with its actor, not copied into the file.";
    H2, "An actor that has ended stays in the table, and nobody starts another.";
    H4, "A write is said to be stored while it is in memory only.";
    H6, "An export reads the file without the log beside it.";
    R1, "The end of the service does not wait for its actors.";
    R2, "Every actor keeps the table alive that holds its own mailbox, so that no mailbox is ever closed.";
    R3, "Each request puts off the copy into the file, for ever where there is always one.";
    R4, "Whoever finds an actor gone takes out of the table whatever is there by now.";
    R5, "A request that arrives while an actor ends is taken into the mailbox and dropped with it.";
    R13, "Two writers commit against the same revision, and the one that loses has its changes in the commit of the other.";
}
