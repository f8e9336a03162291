//! Logging.

use tracing_subscriber::EnvFilter;

/// Starts logging to standard error: plain lines on a terminal, JSON elsewhere. `LOG` filters the events, such as
/// `info` or `orders=debug,warn`; `default` is the filter without `LOG`.
pub fn init(default: &str) {
    let filter = EnvFilter::try_from_env("LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        builder.compact().init();
    } else {
        builder.json().init();
    }
}
