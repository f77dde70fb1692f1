//! The bugs.

use crate::specimens::mends::bugs;

bugs! {
    H1, "A request to commit is answered before the commit.";
    H2, "Closing is answered as if the last commit had succeeded.";
    R1, "Whether fifteen seconds have passed is looked at only when there is a request.";
    R6, "When a commit fails, everything that was answered since the last one is gone.";
    R7, "A request that fails leaves half of itself in the transaction.";
    Close, "Whether the last close could copy the log into the database is not asked.";
    R9, "A commit that failed is tried once more after the error was reported.";
}
