//! Where every program of ours gets its memory from.

/// Each password that is checked takes 19 MiB for a moment. The C library's allocator keeps such pieces for the thread
/// that had them, and after a hundred sign-ups held 900 MiB of them; this one gives them back. `docs/PERFORMANCE.md`
/// has the figures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
