//! `cargo xtask test`: everything that must hold before a change lands, the quickest first.

use crate::browser;
use crate::run::{Failed, cargo};
use crate::setup;

pub(crate) fn run() -> Result<(), Failed> {
    // A tool that is missing should be known before an hour has passed.
    setup::run()?;
    cargo(&["fmt", "--all", "--check"], &[])?;
    cargo(
        &["clippy", "--workspace", "--all-targets", "--all-features", "--quiet", "--", "-D", "warnings"],
        &[],
    )?;
    cargo(
        &["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    cargo(&["test", "--package", "xtask"], &[])?;
    cargo(&["test", "--workspace", "--exclude", "xtask", "--all-features"], &[])?;
    browser::run_built(None)
}
