//! Tests on the real servers that `cargo xtask setup` found or installed.

mod cluster;
mod lifecycle;
mod restart;

/// Whether a process runs. A zombie, which only waits for its parent, does not.
fn runs(id: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
    !state.is_empty() && !state.starts_with('Z')
}
