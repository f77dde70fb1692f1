//! The bugs.

use crate::specimens::mends::bugs;

bugs! {
    H2, "Announcements of periodic snapshots wait in the channel, and the wait for the last snapshot takes one of them for it.";
    H3, "Announcements of periodic snapshots wait in the channel, and nobody takes any before the end.";
    H8, "That the server ended while the last snapshot was waited for is told as if time were up.";
    H10, "Whoever answers requests writes the log, too, and waits while its pipe is full.";
    H11, "An interval of zero is taken, and turns the periodic snapshots off.";
    H13, "The server says that it is ready before it handles SIGUSR1.";
    H14, "A command that only reads is given an empty database in memory, which then replaces the one on disk.";
    H15, "The pool closes the only connection to the database in memory, because it is idle or old.";
    R1, "The wait for the last snapshot ends with any announcement, also that of a snapshot that was under way before.";
    R2, "Where a job failed the command exits at once, without a last snapshot.";
    R3, "SIGTERM and SIGINT end the command at once, without a last snapshot.";
    R6, "Two servers write the same temporary, and nothing keeps the second from starting.";
    R7, "A last snapshot that takes longer than seven seconds is killed, and the command succeeds.";
    R8, "That a snapshot failed is not announced, and the command succeeds.";
    R12, "Writers wait for the whole of a snapshot.";
    R18, "Who asks for a snapshot is answered by the next that is announced, also one that began before.";
    R21, "SIGUSR1 is sent to the number of the server, whoever has it, and the first failure ends the periodic snapshots.";
    R22, "An announcement that could not be written is never heard of, and the command says that time was up.";
    S68, "A second signal while the last snapshot is being written ends the process.";
    S69, "SIGTERM is ignored: only the end of the input leads to the last snapshot.";
    S72b, "The server says that it is ready before it handles any signal.";
}
