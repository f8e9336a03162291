//! What a process takes, as Linux tells it (proc(5)).

use std::fs::read_to_string;
use std::time::Duration;

use crate::program::Failure;
use crate::watch::pause;

/// Linux tells processor time in hundredths of a second (`USER_HZ`).
const TICK_MILLIS: f64 = 10.0;
/// For how long a process must have done nothing to be at rest.
const REST: Duration = Duration::from_millis(500);
/// How long anybody waits for that.
const PATIENCE: u32 = 240;

/// Resident memory in MiB.
pub(crate) fn resident(process: u32) -> Result<f64, Failure> {
    status(process, "VmRSS:")
}

/// The most resident memory that it ever had, in MiB.
pub(crate) fn peak(process: u32) -> Result<f64, Failure> {
    status(process, "VmHWM:")
}

fn status(process: u32, name: &str) -> Result<f64, Failure> {
    let status = read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib: f64 = line.and_then(|line| line.split_whitespace().next()).ok_or("no such figure")?.parse()?;
    Ok(kib / 1024.0)
}

/// The processor time that it has used, in milliseconds.
pub(crate) fn processor_time(process: u32) -> Result<f64, Failure> {
    let stat = read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in parentheses, may hold spaces.
    let (_, rest) = stat.rsplit_once(") ").ok_or("no such process")?;
    let ticks: Vec<u32> = rest.split(' ').skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(TICK_MILLIS * f64::from(ticks.iter().sum::<u32>()))
}

/// Waits until a process has nothing left to do.
pub(crate) async fn at_rest(process: u32) -> Result<(), Failure> {
    for _ in 0..PATIENCE {
        let before = processor_time(process)?;
        pause(REST).await;
        if processor_time(process)? - before <= TICK_MILLIS {
            return Ok(());
        }
    }
    Err("the program never comes to rest".into())
}
