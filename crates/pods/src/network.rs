//! A network of podman's, with all that is on it.

use crate::PodsError;
use crate::podman::podman;

/// A network. Dropping it removes every container and volume whose name begins with its own.
#[derive(Debug)]
pub(crate) struct Network(String);

impl Network {
    pub(crate) fn create() -> Result<Self, PodsError> {
        let network = Self(format!("ticketing-{}", std::process::id()));
        network.remove();
        podman(&["network", "create", &network.0]).map(|_| network)
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// Whatever can be removed is, and nobody is left to be told of the rest.
    fn remove(&self) {
        let filter = format!("name=^{}-", self.0);
        let lists: [(&[&str], &[&str]); 2] = [
            (
                &["ps", "--all", "--quiet", "--filter", &filter],
                &["rm", "--force", "--volumes", "--time", "0"],
            ),
            (&["volume", "ls", "--quiet", "--filter", &filter], &["volume", "rm", "--force"]),
        ];
        for (list, remove) in lists {
            for one in podman(list).unwrap_or_default().lines() {
                let _ = podman(&[remove, &[one]].concat());
            }
        }
        let _ = podman(&["network", "rm", "--force", &self.0]);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.remove();
    }
}
