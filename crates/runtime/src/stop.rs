//! Graceful stop: tracked tasks, their timeouts and the stop signal.

use std::time::Duration;

use tokio::signal::unix::{self, SignalKind};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a stopping process still accepts requests: until load balancers have noticed that it is not ready.
pub const DRAIN_DELAY: Duration = Duration::from_secs(2);

/// The timeout of requests in progress. All timeouts together stay below the 30 seconds after which Kubernetes kills.
pub const REQUESTS_TIMEOUT: Duration = Duration::from_secs(15);

/// The timeout of consumers and workers, which stop after the requests.
pub const WORK_TIMEOUT: Duration = Duration::from_secs(6);

/// The timeout of the relay, which stops last and publishes the events of everything else.
pub const RELAY_TIMEOUT: Duration = Duration::from_secs(6);

/// A group of tracked tasks that stop together. Cheap to clone.
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

    /// Runs `work` to completion in a task of its own, and returns its output. The caller may be dropped meanwhile; the
    /// work continues, and a stop waits for it.
    ///
    /// # Panics
    /// `work` panicked.
    pub async fn run_to_completion<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        match self.tracker.spawn(work).await {
            Ok(output) => output,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // No task is aborted, so the whole process ends.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// The token that a stop cancels.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Cancels the token and waits for every task. Returns whether all of them ended within `timeout`.
    pub async fn stop(&self, timeout: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(timeout, self.tracker.wait()).await.is_ok()
    }
}

/// Resolves at Ctrl-C or SIGTERM. Listens from the call on, so call it before the process is ready: a signal without a
/// listener kills the process.
///
/// # Errors
/// The signal handlers cannot be installed.
pub fn signal() -> impl Future<Output = std::io::Result<()>> {
    let (interrupt, terminate) =
        (unix::signal(SignalKind::interrupt()), unix::signal(SignalKind::terminate()));
    async move {
        let (mut interrupt, mut terminate) = (interrupt?, terminate?);
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        Ok(())
    }
}
