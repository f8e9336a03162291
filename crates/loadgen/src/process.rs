//! The figures of a process that Linux reports (proc(5)).

use std::fs::{read_dir, read_link, read_to_string};
use std::io::{Error, ErrorKind, Result};

/// Linux counts processor time in hundredths of a second (`USER_HZ`).
pub const TICK_MILLIS: f64 = 10.0;
/// The state of a listening socket in `/proc/net/tcp`.
const LISTENS: &str = "0A";

/// Resident memory in MiB.
///
/// # Errors
/// There is no such process.
pub fn resident(process: u32) -> Result<f64> {
    status(process, "VmRSS:")
}

/// The largest resident memory that the process ever had, in MiB.
///
/// # Errors
/// There is no such process.
pub fn peak(process: u32) -> Result<f64> {
    status(process, "VmHWM:")
}

fn status(process: u32, name: &str) -> Result<f64> {
    let status = read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0).ok_or_else(|| ErrorKind::InvalidData.into())
}

/// The processor time that the process has used, in milliseconds.
///
/// # Errors
/// There is no such process.
pub fn processor_time(process: u32) -> Result<f64> {
    let stat = read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in parentheses, may hold spaces.
    let (_, rest) = stat.rsplit_once(") ").ok_or(ErrorKind::InvalidData)?;
    let ticks: std::result::Result<Vec<u32>, _> = rest.split(' ').skip(11).take(2).map(str::parse).collect();
    let ticks = ticks.map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
    Ok(TICK_MILLIS * f64::from(ticks.iter().sum::<u32>()))
}

/// The name of a process.
pub(crate) fn name(process: u32) -> String {
    read_to_string(format!("/proc/{process}/comm")).unwrap_or_default().trim().to_owned()
}

/// The first process that listens on a port of this machine, of those that the caller may inspect.
pub(crate) fn listener(port: u16) -> Option<u32> {
    let suffix = format!(":{port:04X}");
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|file| read_to_string(file).unwrap_or_default());
    let sockets = tables.iter().flat_map(|table| table.lines()).filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let is_it = fields.get(3) == Some(&LISTENS) && fields.get(1)?.ends_with(&suffix);
        is_it.then(|| format!("socket:[{}]", fields.get(9).copied().unwrap_or_default()))
    });
    let sockets: Vec<_> = sockets.collect();
    let processes =
        read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut processes: Vec<u32> = processes.collect();
    processes.sort_unstable();
    processes.into_iter().find(|process| {
        let files = read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
        let mut links = files.filter_map(|file| read_link(file.path()).ok());
        links.any(|link| sockets.iter().any(|socket| link.as_os_str() == socket.as_str()))
    })
}
