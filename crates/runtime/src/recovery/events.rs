//! The events that an operator gives to `recover`, as `export-events` printed them.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bus::RawEvent;
use common::Envelope;

/// Events of other services, in memory: about a kilobyte each.
#[derive(Debug, Default)]
pub struct EventFiles {
    /// The events.
    pub events: Vec<Arc<Envelope>>,
    /// The lines that this release cannot read, with the reason.
    pub unreadable: Vec<String>,
}

impl EventFiles {
    /// Reads these files; `-` is standard input.
    ///
    /// # Errors
    /// A file does not exist, or cannot be read.
    pub fn read(paths: &[PathBuf]) -> io::Result<Self> {
        let mut given = Self::default();
        for path in paths {
            let in_file =
                |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
            if path == Path::new("-") {
                given.read_lines("standard input", io::stdin().lock()).map_err(in_file)?;
            } else {
                let file = File::open(path).map_err(in_file)?;
                given.read_lines(&path.display().to_string(), BufReader::new(file)).map_err(in_file)?;
            }
        }
        Ok(given)
    }

    fn read_lines(&mut self, name: &str, lines: impl BufRead) -> io::Result<()> {
        for (number, line) in (1..).zip(lines.split(b'\n')) {
            let line = line?;
            if line.trim_ascii().is_empty() {
                continue;
            }
            match RawEvent::new(&line).envelope() {
                Ok(envelope) => self.events.push(Arc::new(envelope)),
                Err(error) => self.unreadable.push(format!("line {number} of {name}: {error}")),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_line_hides_no_other_event() {
        let event = |number| {
            format!(
                r#"{{"id":"0192f000-0000-7000-8000-00000000000{number}","schema":1,"aggregate":"0192f000-0000-7000-8000-000000000009","version":1,"time":"2026-11-22T10:00:00.000Z","subject":"expiration.completed","data":{{"orderId":"0192f000-0000-7000-8000-000000000009","expiresAt":"2026-11-22T10:00:00.000Z"}}}}"#
            )
        };
        let lines = [event(1).as_bytes(), b"{\"id\":\xff", b"", event(2).as_bytes()].join(&b'\n');
        let mut given = EventFiles::default();
        given.read_lines("orders.jsonl", lines.as_slice()).expect("read");
        assert_eq!((given.events.len(), given.unreadable.len()), (2, 1));
        assert!(given.unreadable[0].starts_with("line 2 of orders.jsonl: "), "{:?}", given.unreadable);
    }
}
