//! Processes in a simulated world: that they run as they would on an operating system, that a run is a function of its decisions, and
//! that nothing is simulated in a build that cannot.

#[cfg(madsim)]
mod crashes;
#[cfg(madsim)]
mod decisions;
#[cfg(madsim)]
mod endings;
#[cfg(madsim)]
mod handlers;
#[cfg(madsim)]
mod jobs;
#[cfg(madsim)]
mod numbers;
#[cfg(madsim)]
mod outputs;
#[cfg(madsim)]
mod pipes;
#[cfg(madsim)]
mod servers;
#[cfg(madsim)]
mod signals;
#[cfg(madsim)]
mod stores;
#[cfg(madsim)]
mod support;

#[cfg(not(madsim))]
mod without_madsim {
    use plimsoll_faults::profile::Profile;
    use plimsoll_sim::world::{Setup, World, WorldError};

    #[test]
    fn a_build_that_cannot_simulate_says_so_and_runs_nothing() {
        let profile = Profile::named("posix-minimal").expect("it ships");
        let world = World::new(Setup::new(1, profile));
        let result = world.run(|_| async { panic!("nothing is run") });
        let error = result.map(|_| ()).expect_err("there is no runtime");
        assert_eq!(error, WorldError::NotSimulated);
        assert!(error.to_string().contains("--cfg madsim"), "{error}");
        assert!(error.to_string().contains("cargo xtask"), "{error}");
    }
}
