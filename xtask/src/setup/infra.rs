//! What the manifests are checked with: kubectl, jq, and tools in Python and JavaScript.

use std::env;

use super::{debian, node, packages, python};
use crate::run::{Failed, output, root};

/// The first `kubectl` whose kustomize renders what we write.
const OLDEST: u32 = 27;

const HELP: &str = "install kubectl 1.27 or newer so that `kubectl` is found \
     (https://kubernetes.io/docs/tasks/tools/), or name one with the environment variable KUBECTL";

/// Finds the tools, and installs those that are missing.
pub(crate) fn provide() -> Result<(), Failed> {
    kubectl()?;
    jq()?;
    node::provide()?;
    packages::provide(packages::CHECKS)?;
    python::provide(&root().join("infra/checks/requirements.txt"))
}

/// No package registry has it, so it is only looked for.
fn kubectl() -> Result<(), Failed> {
    let program = env::var("KUBECTL").ok().filter(|named| !named.is_empty()).unwrap_or("kubectl".to_owned());
    let said = output(&program, &["version", "--client"]);
    let said = said.map_err(|_| Failed(format!("kubectl is missing; {HELP}")))?;
    let version = said.lines().next().unwrap_or_default();
    if minor(version).is_none_or(|minor| minor < OLDEST) {
        return Err(Failed(format!("kubectl says `{version}`, which is too old; {HELP}")));
    }
    eprintln!("setup: kubectl, {version}");
    Ok(())
}

/// `Client Version: v1.32.4` is 32.
fn minor(version: &str) -> Option<u32> {
    version.split("v1.").nth(1)?.split('.').next()?.parse().ok()
}

/// `infra/backup/restore.sh` needs it, and so do its tests.
fn jq() -> Result<(), Failed> {
    if output("jq", &["--version"]).is_err() {
        debian::install("jq", &["jq"], "install jq so that `jq` is found (https://jqlang.org)")?;
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
