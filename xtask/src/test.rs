//! `cargo xtask test`: everything that must hold before a change lands, the quickest first.

use crate::run::{Failed, cargo};

pub(crate) fn run() -> Result<(), Failed> {
    cargo(&["fmt", "--all", "--check"], &[])?;
    cargo(
        &["clippy", "--workspace", "--all-targets", "--all-features", "--quiet", "--", "-D", "warnings"],
        &[],
    )?;
    cargo(
        &["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    cargo(&["test", "--package", "xtask", "--test", "tidy"], &[])?;
    cargo(&["test", "--workspace", "--exclude", "xtask", "--all-features"], &[])
}
