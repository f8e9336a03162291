//! Kills a process when the one that started it dies, however it dies.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Waits for a word. If its input ends without one, then whoever held the other end is gone. (`-s`: dash wants it so.)
const SCRIPT: &str = r#"read -r _ || kill -s KILL -- "-$1""#;

/// A small shell that holds a pipe from this process and kills a process group when the pipe breaks.
///
/// A test that is ended by Ctrl-C or SIGKILL drops nothing, so `Drop` alone would leave servers behind.
#[derive(Debug)]
pub(crate) struct Guard(Child);

impl Guard {
    pub(crate) fn over(group: u32) -> std::io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "guard", &group.to_string()]);
        // A group of its own, so that Ctrl-C reaches it no more than whom it watches.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map(Self)
    }
}

impl Drop for Guard {
    /// Sends it home: whom it watched is gone, and the number may soon be somebody else's.
    fn drop(&mut self) {
        if let Some(mut word) = self.0.stdin.take() {
            let _ = word.write_all(b"done\n");
        }
        let _ = self.0.wait();
    }
}
