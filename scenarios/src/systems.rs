//! Systems for trials: programs that are one store together.

pub mod activitywatch;
pub mod corpus;
mod edge;
pub mod modelvault;
pub mod reference;
pub mod standalone;
pub mod surrealmx;
pub mod tinycloud;
pub mod torc;

use std::sync::Arc;

use plimsoll_sim::trial::system::System;

/// Every system that scenarios can name.
pub fn shipped() -> Vec<Arc<dyn System>> {
    let mut systems = reference::Service::modes();
    systems.extend(standalone::Standalone::modes());
    systems.extend(torc::variants());
    systems.extend(tinycloud::variants());
    systems.extend(activitywatch::variants());
    systems.extend(surrealmx::variants());
    systems.extend(modelvault::variants());
    systems.extend(corpus::variants());
    systems
}
