//! Tasks that a stop waits for.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// For how long a process that is asked to stop still takes requests: until those who send them know.
pub const DRAIN: Duration = Duration::from_secs(2);

/// How long a stop waits for requests that are being answered, and come meanwhile. With what follows it stays below the 30 seconds after
/// which Kubernetes kills.
pub const REQUESTS: Duration = Duration::from_secs(15);

/// How long a stop then waits for what the process does by itself: the events and the steps at hand.
pub const WORK: Duration = Duration::from_secs(6);

/// How long a stop at last waits for the relay to hand over what the rest has announced.
pub const RELAY: Duration = Duration::from_secs(6);

/// Tasks that end together. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Spawns a task that ends when `stop` is cancelled.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task);
    }

    /// Cancelled when the tasks shall end.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Tells every task to end and waits for them, for this long; whether all of them did in time.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(patience, self.tracker.wait()).await.is_ok()
    }
}

/// Listens from now on, and resolves when the process is asked to stop: Ctrl-C or SIGTERM. Call it before anybody is
/// told that the process is ready: what should stop a process that does not listen yet kills it.
///
/// # Errors
/// The signals cannot be listened to.
pub fn asked() -> impl Future<Output = std::io::Result<()>> {
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (mut interrupt, mut terminate) = (interrupt?, terminate?);
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        Ok(())
    }
}
