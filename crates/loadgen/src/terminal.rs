//! The report as the terminal shows it.

use std::fmt;

use crate::audit::Checks;
use crate::recorder::Outcome;
use crate::report::{OutcomeCount, Report, ServerUsage};

/// Violations that the terminal shows; the files have all.
const MAX_SHOWN: usize = 20;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, target, arrivals, seconds, spread, seed, .. } = self;
        writeln!(
            f,
            "{scenario} at {target}: {arrivals} arrivals ({spread}, seed {seed}) in {seconds:.1} s\n"
        )?;
        writeln!(
            f,
            "{:<14}{:>8}{:>9}{:>10}{:>10}{:>10}{:>10}{:>10}{:>12}",
            "operation", "count", "per s", "p50 ms", "p90", "p99", "p99.9", "max", "unexpected"
        )?;
        for one in &self.operations {
            let name = if one.is_journey { format!("= {}", one.name) } else { one.name.to_owned() };
            write!(f, "{name:<14}{:>8}{:>9.1}", one.count, one.per_second)?;
            for latency in [one.p50_ms, one.p90_ms, one.p99_ms, one.p999_ms, one.max_ms] {
                write!(f, "{latency:>10.2}")?;
            }
            writeln!(f, "{:>12}", one.unexpected)?;
        }
        writeln!(
            f,
            "\nLatencies count from the intended arrival; the generator's own part is {:.2} ms (p99).",
            self.lateness_p99_ms
        )?;
        for OutcomeCount { outcome: Outcome { operation, status, code, expected }, count } in &self.outcomes {
            match (expected, code.as_str()) {
                (true, "") => {}
                (true, code) => writeln!(f, "  expected: {operation} {status} {code} × {count}")?,
                (false, code) => writeln!(f, "  UNEXPECTED: {operation} {status} {code} × {count}")?,
            }
        }
        writeln!(f, "Server: {}", self.server)?;
        writeln!(f, "Checks: {}", self.checks)
    }
}

impl fmt::Display for ServerUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = &self.source;
        match (self.processor_seconds, self.processor_ms_per_arrival, self.max_memory_mib) {
            (Some(seconds), Some(each), Some(memory)) => write!(
                f,
                "{seconds:.2} s of processor time ({each:.3} ms for each arrival), {memory:.0} MiB at most; {source}"
            ),
            _ => write!(f, "processor time and memory were not measured: {source}"),
        }
    }
}

impl fmt::Display for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} orders, {} complete", self.orders, self.complete)?;
        if self.unreadable > 0 {
            write!(f, ", {} could not be read at the end", self.unreadable)?;
        }
        if self.violations.is_empty() {
            return write!(f, "; no ticket had two buyers, every order its buyer and price");
        }
        write!(f, "; VIOLATED:")?;
        for violation in self.violations.iter().take(MAX_SHOWN) {
            write!(f, "\n  {violation}")?;
        }
        let more = self.violations.len().saturating_sub(MAX_SHOWN);
        if more > 0 { write!(f, "\n  and {more} more") } else { Ok(()) }
    }
}
