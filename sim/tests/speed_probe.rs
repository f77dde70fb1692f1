//! probe
use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::profile::Profile;
use plimsoll_reference::host::Host;
use plimsoll_reference::level::*;
use plimsoll_reference::native::{self, Options, Store};
use plimsoll_sim::case::*;
use plimsoll_sim::command::*;
use plimsoll_sim::sut::*;
use std::sync::Arc;
struct Ref;
struct Inst(Store);
fn err(e: native::StoreError) -> CommandError {
    let m = e.to_string();
    match e.outcome() {
        native::Outcome::Absent => CommandError::absent(m),
        native::Outcome::Unknown => CommandError::unknown(m),
    }
}
impl Sut for Ref {
    fn name(&self) -> &str {
        "ref"
    }
    fn contract(&self) -> Contract {
        Contract {
            temporaries: vec!["data/*.tmp".into()],
            canonical: Some("data/snapshot.plim".into()),
        }
    }
    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        Store::open(host, &Options::new("data"))
            .map(|s| Box::new(Inst(s)) as Box<dyn Instance>)
            .map_err(|e| OpenError {
                message: e.to_string(),
            })
    }
    fn read_canonical(
        &self,
        fs: &dyn plimsoll_reference::fs::FsOps,
        visit: &mut Visit<'_>,
    ) -> Result<bool, String> {
        native::read_snapshot(fs, std::path::Path::new("data/snapshot.plim"), visit)
            .map_err(|e| e.to_string())
    }
}
impl Instance for Inst {
    fn apply(&mut self, c: &Command) -> Result<Ack, CommandError> {
        let m = |m: &Mutation| match m {
            Mutation::Put { key, value } => native::Mutation::Put {
                key: key.clone(),
                value: value.clone(),
            },
            Mutation::Delete { key } => native::Mutation::Delete { key: key.clone() },
        };
        match c {
            Command::Write(Mutation::Put { key, value }) => self.0.put(key, value).map_err(err),
            Command::Write(Mutation::Delete { key }) => self.0.delete(key).map_err(err),
            Command::Batch(ms) => self
                .0
                .batch(&ms.iter().map(m).collect::<Vec<_>>())
                .map_err(err),
            Command::Snapshot => self.0.snapshot().map_err(err),
            Command::Sync => self.0.sync().map_err(err),
            Command::Tick | Command::Advance(_) => self.0.tick().map_err(err),
            _ => Err(CommandError::unsupported()),
        }
    }
    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.0.scan(visit);
        Ok(())
    }
    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        self.0.close().map_err(err)
    }
}
#[test]
fn speed() {
    for n in [100u32] {
        let mut workload = Vec::new();
        for i in 0..n {
            workload.push(Command::Write(Mutation::Put {
                key: format!("k{}", i % 8).into_bytes(),
                value: {
                    let mut v = format!("v{i}.").into_bytes();
                    v.resize(64, b'x');
                    v
                },
            }));
            if i % 10 == 9 {
                workload.push(Command::Snapshot);
            }
        }
        for disk in ["posix-minimal", "ext4-ordered"] {
            let case = Case {
                id: "x".into(),
                sut: Arc::new(Ref),
                workload: workload.clone(),
                plan: FaultPlan::none(),
                errors: ErrorSweep::None,
                disk: Disk {
                    profile: Profile::named(disk).unwrap(),
                    kinds: CrashKind::HONEST.to_vec(),
                },
                expect: Expect::Pass,
                limits: Limits::default(),
                seed: 5,
            };
            let t = std::time::Instant::now();
            let r = plimsoll_sim::explore::run(&case);
            let s = t.elapsed().as_secs_f64();
            eprintln!(
                "{disk} {n} {:?} {:?} {:.3}s rec/s {:.0} gen/s {:.0}",
                r.verdict,
                r.counters,
                s,
                r.counters.recoveries as f64 / s,
                r.counters.states_generated as f64 / s
            );
            for v in r.violations {
                eprintln!("{v:#?}");
            }
            if n == 20 && disk == "posix-minimal" {
                for d in plimsoll_sim::calibrate::delete_syncs(&case, &[case.disk.clone()]) {
                    eprintln!("    {} -> {:?}", d.site, d.noticed);
                }
            }
        }
    }
}
