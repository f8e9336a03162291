//! Ctrl-C and its relatives.

use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::run::{Failed, output};

const ENDING: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// From now on these signals do not end this process.
pub(crate) fn listen() -> Result<Signals, Failed> {
    Signals::new(ENDING).map_err(|error| Failed(format!("signals cannot be heard: {error}")))
}

/// From now on a SIGTERM to this process is heard by another one, whose end is then waited for. Ctrl-C and a closed
/// terminal need no passing on: they reach whatever runs in the foreground.
pub(crate) fn pass_on_to(process: u32) -> Result<(), Failed> {
    let mut signals = listen()?;
    thread::spawn(move || {
        for _ in signals.forever().filter(|signal| *signal == SIGTERM) {
            // It may have ended already.
            let _ = output("kill", &["-TERM", &process.to_string()]);
        }
    });
    Ok(())
}
