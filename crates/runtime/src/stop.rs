//! Tasks that a stop waits for.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Everything that a process has spawned. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// How long a stop waits for what is at work: below the 30 seconds after which Kubernetes kills.
    pub const PATIENCE: Duration = Duration::from_secs(20);

    /// Spawns a task that ends when `stop` is cancelled.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task);
    }

    /// Cancelled when the tasks shall end.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Tells every task to end and waits for them; whether all of them did in time.
    pub async fn stop(&self) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(Self::PATIENCE, self.tracker.wait()).await.is_ok()
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
