//! Signals, sent by the `kill` program and seen by `ps`, since the system calls themselves would need `unsafe`.

use std::io;
use std::process::{Command, Stdio};

/// Sends a signal such as `TERM` to one process.
pub(crate) fn to_process(signal: &str, id: u32) -> io::Result<()> {
    send(signal, &id.to_string())
}

/// Sends a signal to a process and all that it started.
pub(crate) fn to_group(signal: &str, id: u32) -> io::Result<()> {
    send(signal, &format!("-{id}"))
}

fn send(signal: &str, whom: &str) -> io::Result<()> {
    let mut kill = Command::new("kill");
    kill.arg(format!("-{signal}")).args(["--", whom]).stdout(Stdio::null()).stderr(Stdio::null());
    let status = kill.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("`kill -{signal}` failed ({status})")))
    }
}

/// Whether a process is stopped. One that was just sent SIGSTOP may still run for a moment.
pub(crate) fn is_stopped(id: u32) -> bool {
    let ps = Command::new("ps").args(["-o", "stat=", "-p", &id.to_string()]).output();
    ps.is_ok_and(|ps| ps.stdout.trim_ascii_start().starts_with(b"T"))
}
