//! checkov: what others have learnt to look for.

use servers::tools;

use super::{Rendered, said};
use crate::run::{Failed, root};

/// Every check, but for those that `infra/checks/checkov.yaml` gives a reason for.
pub(super) fn check(rendered: &Rendered) -> Result<String, Failed> {
    let file = rendered.write("kubernetes.yaml", &rendered.of_kubernetes(true))?;
    let program = tools().join("python/bin/checkov").to_string_lossy().into_owned();
    let configuration = root().join("infra/checks/checkov.yaml").to_string_lossy().into_owned();
    let arguments = ["--skip-download", "--config-file", &configuration, "--file", &file];
    said(rendered.folder.path(), &program, &arguments)?;
    Ok("checkov finds nothing".to_owned())
}
