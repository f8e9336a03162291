//! `cargo xtask pods`: builds the images, and runs them in podman under what the manifests say.

use crate::images;
use crate::run::{Failed, cargo};
use crate::setup;

/// What the tests that need the images are called, so that others can run without them.
pub(crate) const TESTS: &str = "in_podman";

pub(crate) fn run() -> Result<(), Failed> {
    setup::servers()?;
    images::run(&images::Options::all())?;
    cargo(
        &["test", "--workspace", "--exclude", "xtask", "--all-features", "--test", "pods", "--", TESTS],
        &[],
    )
}
