//! The reference: the native engine behind locks, so that writers share syncs.

use std::path::Path;

use plimsoll_reference::host::Host;
use plimsoll_reference::native::{Mutation, Options, Shared, Store};

use super::{Contestant, Open};

pub(super) const NATIVE: Contestant = Contestant {
    name: "native",
    settings: "Options::new: a sync before each acknowledgement, shared",
    open,
};

fn open(dir: &Path) -> anyhow::Result<Box<dyn Open>> {
    let options = Options::new(dir.join("data"));
    let store = Store::open(&Host::real(), &options)?;
    Ok(Box::new(Shared::new(store)))
}

impl Open for Shared {
    fn commit(&self, key: &[u8], value: &[u8]) -> anyhow::Result<()> {
        Self::commit(
            self,
            vec![Mutation::Put {
                key: key.to_vec(),
                value: value.to_vec(),
            }],
        )?;
        Ok(())
    }

    fn holds(&self, key: &[u8]) -> anyhow::Result<bool> {
        Ok(self.with(|store| store.get(key).map(|value| value.is_some()))?)
    }
}
