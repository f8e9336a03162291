//! What is said when the marketplace is ready.

use std::net::SocketAddr;
use std::path::Path;

use crate::demo;
use crate::options::ServeOptions;

/// Where to go, and what to try.
pub(crate) fn print(options: &ServeOptions, address: SocketAddr, stripe: SocketAddr, folder: &Path) {
    println!("Ticketing is ready.\n");
    println!("  Marketplace        http://{address}");
    println!("  API                http://{address}/api/docs");
    println!("  Stripe simulator   http://{stripe}   (no real money moves)");
    println!("  Metrics, health    http://{}/metrics", options.admin_listen);
    println!("  Data               {}", folder.display());
    println!("  A ticket is held   {} s\n", options.hold.as_secs_f64());
    if options.demo {
        println!("Demo people: ada@example.com, grace@example.com, linus@example.com");
        println!("Their password: {}\n", demo::PASSWORD);
    }
    println!("Try:  curl http://{address}/api/tickets");
    println!("A whole purchase by curl is in README.md. Ctrl-C stops.");
}
