//! The adapter for SQLite.

#![cfg(test)]

mod conformance;
mod killing;
mod opening;
mod support;
mod writing;
