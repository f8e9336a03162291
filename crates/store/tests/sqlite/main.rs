//! The adapter for SQLite.

mod conformance;
mod killing;
mod opening;
mod support;
mod writing;
