//! The bugs.

use crate::specimens::mends::bugs;

bugs! {
    H3, "A commit that fails ends the worker, and everything that is asked from then on fails.";
    R1, "Whether fifteen seconds have passed is looked at only when there is a request.";
    R2, "The end of the service does not close the datastore.";
    R3, "An import is answered before it is committed.";
    R6, "When a commit fails, everything that was answered since the last one is gone.";
    R12, "The fifteen seconds are those of the wall clock.";
    R13, "When the service ends, whoever waits is told of an error, also whoever stands before the close in the queue.";
    R14, "A reply that nobody waits for any more ends the worker.";
    R15, "A rule of privacy is applied before it is committed, and stays when its commit fails.";
}
