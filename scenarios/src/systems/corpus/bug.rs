//! The bugs.

use crate::specimens::mends::bugs;

bugs! {
    S70, "A child that its own parent ended by SIGUSR1 counts as a failed save, and writes are refused until one succeeds.";
    S71, "SIGTERM is handled inside the handler of SIGUSR1, and waits there for a wake-up that is SIGUSR1.";
    S72, "A signal that asks for the end ends the program in the middle of a dump, which is written in place.";
    S72d, "A new log file is reserved before it has a version, and a file of version 0 keeps the server from starting.";
    S73, "The sync of the log goes past the watchdog, and waits for as long as the disk stands still.";
}
