//! What `ProcessOps` says of tasks, signals, pipes and children: test bodies that ask nothing but a stage.
//!
//! A body runs as `real::…`, on the process of the operating system and programs that a shell has. Another arm gives the same bodies a stage
//! of its own: a host, programs by role, and a way to send the process itself a signal.
//!
//! **Not covered**: changing a disposition, which the real process cannot do; what becomes of children whose parent has ended.

#[path = "processes/support.rs"]
mod support;

/// Makes a test of each body on the real process.
macro_rules! on_each {
    ($(async fn $name:ident($stage:ident) $body:block)*) => {
        $(async fn $name($stage: crate::support::Stage) $body)*

        mod real {
            $(#[test] fn $name() { crate::support::on_real(super::$name); })*
        }
    };
}

#[path = "processes/children.rs"]
mod children;
#[path = "processes/pipes.rs"]
mod pipes;
#[path = "processes/signals.rs"]
mod signals;
#[path = "processes/tasks.rs"]
mod tasks;
