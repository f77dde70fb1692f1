//! Who has the server: sends it signals, and waits for its end.

use plimsoll_reference::host::{Child, Host, Signal};
use tokio::sync::{mpsc, watch};

/// The way to a child. Cloning shares it.
#[derive(Clone)]
pub(super) struct Keeper {
    signals: mpsc::UnboundedSender<Signal>,
    has_ended: watch::Receiver<bool>,
}

impl Keeper {
    /// Takes a child into care.
    pub(super) fn start(host: &Host, child: Box<dyn Child>) -> Self {
        let (signals, wanted) = mpsc::unbounded_channel();
        let (ended, has_ended) = watch::channel(false);
        drop(host.spawn("keeper", keep(child, wanted, ended)));
        Self { signals, has_ended }
    }

    /// Sends a signal, unless the child has ended.
    pub(super) fn signal(&self, signal: Signal) {
        // It fails when the child has ended.
        let _ = self.signals.send(signal);
    }

    /// Waits for the end of the child.
    pub(super) async fn ended(&mut self) {
        // When the sender is gone it has ended, too.
        let _ = self.has_ended.wait_for(|&has_ended| has_ended).await;
    }
}

async fn keep(
    mut child: Box<dyn Child>,
    mut wanted: mpsc::UnboundedReceiver<Signal>,
    ended: watch::Sender<bool>,
) {
    loop {
        tokio::select! {
            biased;
            _ = child.wait() => break,
            signal = wanted.recv() => match signal {
                Some(signal) => {
                    // It fails when the child has ended, which is seen next.
                    let _ = child.signal(signal);
                }
                None => {
                    let _ = child.wait().await;
                    break;
                }
            },
        }
    }
    ended.send_replace(true);
}
