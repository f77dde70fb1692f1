//! The bugs of Torc, TinyCloud and ActivityWatch's datastore on the real SQLite: each is shown by its scenario, and mending it is enough.

mod activitywatch;
mod mending;
mod tinycloud;
mod torc;
