//! Trials: a system is started in a world, asked, disturbed and crashed, and then held to what it promised.
//!
//! A [`System`](system::System) is programs that are one store together. A seed draws a [`Script`](script::Script): lives of requests, and
//! a plan of what happens to the processes and when. [`run`](run::run) follows it in a [`World`](crate::world::World), and
//! [`judge`](judge::judge) holds what the client saw, and what is left on the disk, to the promises. [`hunt`](hunt::hunt) does so for many
//! seeds, runs what it finds again by its recorded schedule, and makes it small. [`sweep`](sweep::sweep) crashes a world that was run at every position
//! of its op logs.

mod client;
mod disturbance;
pub mod draw;
pub mod family;
pub mod filter;
mod heard;
pub mod history;
pub mod hunt;
pub mod judge;
pub mod ledger;
mod legal;
mod log;
pub mod look;
mod met;
pub mod promise;
pub mod run;
pub mod script;
pub mod script_text;
mod shrink;
pub mod sweep;
pub mod system;
mod twice;
