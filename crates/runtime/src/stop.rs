//! Tasks that a stop waits for.

use std::time::Duration;

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

/// Resolves when the process is asked to stop: Ctrl-C or SIGTERM.
///
/// # Errors
/// The signals cannot be listened to.
pub async fn asked() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}
