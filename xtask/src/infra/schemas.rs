//! Kubernetes' own schemas, of every version that we say we run on.

use std::thread;

use servers::tools;

use super::{Rendered, said};
use crate::run::{Failed, root};

/// From the oldest that is offered to the newest.
const VERSIONS: [&str; 6] = ["1.31", "1.32", "1.33", "1.34", "1.35", "1.36"];

/// How many versions are checked at the same time.
const AT_ONCE: usize = 2;

/// Validates strictly: a field that the schema does not know is wrong, and so is a kind that there is no schema of.
pub(super) fn check(rendered: &Rendered) -> Result<String, Failed> {
    let file = rendered.write("kubernetes.yaml", &rendered.of_kubernetes(true))?;
    for versions in VERSIONS.chunks(AT_ONCE) {
        thread::scope(|scope| {
            let runs: Vec<_> =
                versions.iter().map(|version| scope.spawn(|| validate(&file, version))).collect();
            runs.into_iter().try_for_each(|run| {
                run.join().unwrap_or_else(|_| Err(Failed("a validation broke off".to_owned())))
            })
        })?;
    }
    Ok(format!("valid in Kubernetes {}", VERSIONS.join(", ")))
}

fn validate(file: &str, version: &str) -> Result<(), Failed> {
    let program = tools().join("python/bin/kubernetes-validate").to_string_lossy().into_owned();
    let said = said(&root(), &program, &["--strict", "--quiet", "-k", version, file])?;
    // It only warns of kinds that it does not know.
    if said.is_empty() { Ok(()) } else { Err(Failed(said)) }
}
