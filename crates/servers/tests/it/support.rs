/// Whether a process runs.
pub(crate) fn runs(id: u32) -> bool {
    // A zombie waits for somebody to take note of its end; it does not run.
    let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    state
        .rsplit(')')
        .next()
        .is_some_and(|rest| !rest.trim().is_empty() && !rest.trim_start().starts_with('Z'))
}
