//! The checks of manifests: kubectl, jq, and tools in Python and JavaScript.

use std::env;

use super::{install_debian_packages, is_installed, node, python};
use crate::run::{TaskError, output, root};

/// The first minor version whose kustomize renders the manifests.
const MIN_VERSION: u32 = 27;

const HELP: &str = "install kubectl 1.27 or newer (https://kubernetes.io/docs/tasks/tools/) and add it to the PATH, \
     or set the environment variable KUBECTL to its path";

/// Finds or installs the tools.
pub(crate) fn provide() -> Result<(), TaskError> {
    find_kubectl()?;
    provide_jq()?;
    node::provide()?;
    node::provide_packages(node::MANIFEST_CHECKS)?;
    python::provide(&root().join("infra/checks/requirements.txt"))
}

/// Finds kubectl. No package registry has it.
fn find_kubectl() -> Result<(), TaskError> {
    let program = env::var("KUBECTL").ok().filter(|named| !named.is_empty()).unwrap_or("kubectl".to_owned());
    let printed = output(&program, &["version", "--client"]);
    let printed = printed.map_err(|_| TaskError(format!("kubectl is missing; {HELP}")))?;
    let version = printed.lines().next().unwrap_or_default();
    if minor(version).is_none_or(|minor| minor < MIN_VERSION) {
        return Err(TaskError(format!("kubectl is too old (`{version}`); {HELP}")));
    }
    eprintln!("setup: kubectl, {version}");
    Ok(())
}

/// `Client Version: v1.32.4` is 32.
fn minor(version: &str) -> Option<u32> {
    version.split("v1.").nth(1)?.split('.').next()?.parse().ok()
}

/// Finds or installs jq for `infra/backup/restore.sh`.
fn provide_jq() -> Result<(), TaskError> {
    if !is_installed("jq") {
        install_debian_packages("jq", &["jq"], "install jq (https://jqlang.org) and add it to the PATH")?;
    }
    eprintln!("setup: {}", output("jq", &["--version"])?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::minor;

    #[test]
    fn the_second_number_of_a_version_counts() {
        assert_eq!(minor("Client Version: v1.32.4-dispatcher"), Some(32));
        assert_eq!(minor("Client Version: v1.9.0"), Some(9));
        assert_eq!(minor("nonsense"), None);
    }
}
