//! The durations of a command's steps: one line at the end of each step, and a table at the end of the command.

use std::time::{Duration, Instant};

use crate::run::TaskError;

/// The steps of a command so far. Dropped, it prints their durations, also after a failure.
pub(crate) struct Steps {
    began: Instant,
    ended: Vec<(&'static str, Duration)>,
}

impl Steps {
    /// No step yet.
    pub(crate) fn new() -> Self {
        Self { began: now(), ended: Vec::new() }
    }

    /// Runs a step and prints its duration.
    pub(crate) fn run<T>(
        &mut self,
        name: &'static str,
        step: impl FnOnce() -> Result<T, TaskError>,
    ) -> Result<T, TaskError> {
        let began = now();
        let result = step();
        let duration = began.elapsed();
        eprintln!("=== {name}: {}", text(duration));
        self.ended.push((name, duration));
        result
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        eprintln!("\n{:<20} {:>8}", "step", "duration");
        for (name, duration) in &self.ended {
            eprintln!("{name:<20} {:>8}", text(*duration));
        }
        eprintln!("{:<20} {:>8}", "all", text(self.began.elapsed()));
    }
}

/// Minutes and seconds, such as `4:07`.
fn text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[expect(clippy::disallowed_methods, reason = "the steps are processes, which live in real time")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_in_minutes_and_seconds() {
        assert_eq!(text(Duration::from_millis(247_900)), "4:07");
        assert_eq!(text(Duration::from_hours(1)), "60:00");
    }
}
