//! The words between a service and whoever started it: lines of UTF-8 on standard input and output.
//!
//! ```
//! use plimsoll_reference::service::protocol::{Answer, Request};
//!
//! let request: Request = "7 batch put a/x 1; delete a/y".parse()?;
//! assert_eq!(request.to_string(), "7 batch put a/x 1; delete a/y");
//! let answer: Answer = "7 ok power 12".parse()?;
//! assert_eq!(answer.id(), Some(7));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod cause;
mod outcome;
mod path;
mod request;

pub use answer::{Answer, ParseAnswerError};
pub use cause::Cause;
pub use outcome::Outcome;
pub(super) use request::bytes_of;
pub use request::{Command, ParseRequestError, REQUEST_BYTES_MAX, Request};
