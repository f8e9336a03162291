//! What is said when the marketplace is ready.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use crate::demo;

/// Where everything listens, and how.
pub(crate) struct Welcome {
    pub(crate) address: SocketAddr,
    pub(crate) stripe: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) hold: Duration,
    pub(crate) demo: bool,
}

impl Welcome {
    /// Says where to go, and what to try.
    pub(crate) fn print(&self, folder: &Path) {
        let Self { address, stripe, admin, hold, demo } = self;
        println!("Ticketing is ready.\n");
        println!("  Marketplace        http://{address}");
        println!("  API                http://{address}/api/docs");
        println!("  Stripe simulator   http://{stripe}   (no real money moves)");
        println!("  Metrics, health    http://{admin}/metrics");
        println!("  Data               {}", folder.display());
        println!("  A ticket is held   {}\n", words(*hold));
        if *demo {
            println!("Demo people: ada@example.com, grace@example.com, linus@example.com");
            println!("Their password: {}\n", demo::PASSWORD);
        }
        println!("Open http://{address} in a browser, or try:  curl http://{address}/api/tickets");
        println!("A whole purchase by curl is in README.md. Ctrl-C stops.");
    }
}

/// A duration as a person says it.
fn words(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_told_as_a_person_says_it() {
        let said = [900_000, 20_000, 90_000, 250].map(|millis| words(Duration::from_millis(millis)));
        assert_eq!(said, ["15 min", "20 s", "90 s", "250 ms"]);
    }
}
