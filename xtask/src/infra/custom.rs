//! Objects of others' kinds, by the models of those others.

use super::{Rendered, said};
use crate::run::{Failed, root};
use crate::setup::CHECKS;

/// What there is no model of. The rules in `xtask/tests/infra` look at them.
const WITHOUT_A_MODEL: [&str; 1] = ["cilium.io/v2"];

/// Validates what cert-manager, the Gateway API and the Prometheus operator define.
pub(super) fn check(rendered: &Rendered) -> Result<String, Failed> {
    let mut objects = rendered.of_kubernetes(false);
    objects.retain(|object| !WITHOUT_A_MODEL.contains(&object.api()));
    let file = rendered.write("custom.json", &objects)?;
    said(&root().join(CHECKS), "node", &["validate.mjs", &file])
}
