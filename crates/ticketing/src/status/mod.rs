//! The command `status`: the metrics of a running process as a table, once or live.

mod samples;

use std::io::{IsTerminal, Write};
use std::time::Duration;

use clap::Args;
use common::Clock;

pub use samples::{Sample, Samples};

/// The timeout of a scrape.
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(5);

/// Options of the command `status`.
#[derive(Debug, Clone, Args)]
pub struct StatusOptions {
    /// The admin address of the process, as its start message shows it.
    #[arg(long, default_value = "http://127.0.0.1:9090")]
    pub admin: String,

    /// Print the status once.
    #[arg(long)]
    pub once: bool,

    /// The interval between two views, such as `2s`.
    #[arg(long, default_value = "2s", value_parser = runtime::config::duration)]
    pub interval: Duration,
}

/// The status cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The process does not answer.
    #[error("{0} does not answer ({1}); is the marketplace running, and is this its admin address?")]
    Unavailable(String, reqwest::Error),
    /// The output was closed.
    #[error(transparent)]
    Output(#[from] std::io::Error),
}

/// Shows the status of a running process: once, or until Ctrl-C.
///
/// # Errors
/// The process does not answer.
pub async fn status(options: &StatusOptions, clock: &dyn Clock) -> Result<(), StatusError> {
    let url = format!("{}/metrics", options.admin.trim_end_matches('/').trim_end_matches("/metrics"));
    let http = reqwest::Client::new();
    let mut former = None;
    loop {
        let samples = scrape(&http, &url).await?;
        let now = clock.now();
        let mut output = std::io::stdout().lock();
        if !options.once && output.is_terminal() {
            // Clears the screen.
            write!(output, "\x1b[2J\x1b[H")?;
        }
        write!(output, "{}", view(&samples, former.as_ref().map(|(at, samples)| (now - *at, samples))))?;
        output.flush()?;
        drop(output);
        if options.once {
            return Ok(());
        }
        former = Some((now, samples));
        clock.sleep(options.interval).await;
    }
}

async fn scrape(http: &reqwest::Client, url: &str) -> Result<Samples, StatusError> {
    let unavailable = |error| StatusError::Unavailable(url.to_owned(), error);
    let reply = http.get(url).timeout(SCRAPE_TIMEOUT).send().await.map_err(unavailable)?;
    let reply = reply.error_for_status().map_err(unavailable)?;
    Ok(Samples::parse(&reply.text().await.map_err(unavailable)?))
}

/// The table. `former`: the time since the former scrape, and its samples, for rates.
fn view(samples: &Samples, former: Option<(Duration, &Samples)>) -> String {
    let rate_of = |total: &dyn Fn(&Samples) -> f64| match former {
        Some((passed, former)) if !passed.is_zero() => {
            let increase = (total(samples) - total(former)).max(0.0);
            format!("   {:.1} a second", increase / passed.as_secs_f64())
        }
        _ => String::new(),
    };
    let rate = |name: &str| rate_of(&|samples| samples.sum(name));
    let quantiles = |histogram: &str, label: (&str, &str)| match samples.quantile(histogram, 0.5, label) {
        Some(median) => {
            let p99 = samples.quantile(histogram, 0.99, label).unwrap_or(median);
            format!("p50 {}, p99 {}", seconds(median), seconds(p99))
        }
        None => "none yet".to_owned(),
    };
    let purchases = samples.by("purchases_total", "outcome");
    let sold = |samples: &Samples| {
        samples.by("purchases_total", "outcome").get("complete").copied().unwrap_or_default()
    };
    let others = listed(purchases.into_iter().filter(|(outcome, _)| *outcome != "complete"));
    let requests = "http_request_duration_seconds";
    let counted = format!("{requests}_count");
    let failed = samples.of(&counted).filter(|sample| sample.label("status").starts_with('5'));
    let failed = samples::total(failed);
    let stages = ["created", "awaiting-payment", "paying"]
        .map(|stage| format!("{stage}: {}", quantiles("purchase_stage_seconds", ("stage", stage))));
    let rows = [
        ("Tickets sold", format!("{}{}", sold(samples), rate_of(&sold))),
        ("Orders that ended otherwise", others),
        ("Live holds", samples.max("live_holds").to_string()),
        ("Stages of a purchase", stages.join("; ")),
        ("Lag of ended holds", quantiles("expiration_lag_seconds", ("", ""))),
        ("Money, minor units", money(samples)),
        ("Open authorizations", samples.max("open_authorizations").to_string()),
        ("Money without its ticket", seconds(samples.max("money_without_ticket_seconds"))),
        ("Ticket without its money", seconds(samples.max("ticket_without_money_seconds"))),
        ("Events in outboxes", listed(samples.by("outbox_entries", "service").into_iter())),
        ("Oldest of them", seconds(samples.max("outbox_lag_seconds"))),
        ("Unprocessed events", listed(samples.by("bus_consumer_lag", "consumer").into_iter())),
        ("Redeliveries", samples.sum("bus_redeliveries_total").to_string()),
        ("Dead letters", listed(samples.by("dead_letters", "consumer").into_iter())),
        ("Commits", format!("{}{}", samples.sum("store_commits_total"), rate("store_commits_total"))),
        ("Conflicts", conflicts(samples).to_string()),
        ("Requests", format!("{}, of them {failed} failed{}", samples.sum(&counted), rate(&counted))),
        ("Duration of requests", quantiles(requests, ("", ""))),
        ("Invariant violations", samples.sum("invariant_violations_total").to_string()),
    ];
    let lines: Vec<_> = rows.into_iter().map(|(name, value)| format!("{name:<28} {value}")).collect();
    lines.join("\n") + "\n"
}

fn conflicts(samples: &Samples) -> f64 {
    let outcomes = samples.by("store_commits_total", "outcome");
    outcomes.get("conflict").copied().unwrap_or_default()
}

/// The numbers that are not 0, with their names.
fn listed<'a>(numbers: impl Iterator<Item = (&'a str, f64)>) -> String {
    let present: Vec<_> = numbers
        .filter(|(_, number)| *number > 0.0)
        .map(|(name, number)| format!("{name} {number}"))
        .collect();
    if present.is_empty() { "0".to_owned() } else { present.join(", ") }
}

fn money(samples: &Samples) -> String {
    let flows = samples.of("money_total").filter(|sample| sample.value > 0.0);
    let flows: Vec<_> = flows
        .map(|sample| format!("{} {} {}", sample.label("flow"), sample.value, sample.label("currency")))
        .collect();
    if flows.is_empty() { "0".to_owned() } else { flows.join(", ") }
}

/// A duration with its unit.
fn seconds(seconds: f64) -> String {
    if seconds.is_infinite() {
        "above all buckets".to_owned()
    } else if seconds <= 0.0 {
        "0".to_owned()
    } else if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1000.0)
    } else {
        format!("{seconds:.0} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_shows_totals_and_rates() {
        let scrape = |sold: u32| {
            Samples::parse(&format!(
                "purchases_total{{outcome=\"complete\"}} {sold}\npurchases_total{{outcome=\"expired\"}} 1\n\
                 money_total{{flow=\"captured\",currency=\"USD\"}} 2000\nbus_consumer_lag{{consumer=\"orders\"}} 3\n"
            ))
        };
        let text = view(&scrape(30), Some((Duration::from_secs(2), &scrape(10))));
        for row in [
            "Tickets sold                 30   10.0 a second",
            "expired 1",
            "captured 2000 USD",
            "orders 3",
            "of them 0 failed",
        ] {
            assert!(text.contains(row), "{row}: {text}");
        }
    }

    #[test]
    fn a_duration_is_shown_in_a_readable_unit() {
        let texts = [0.0, 0.05, 15.0, f64::INFINITY].map(seconds);
        assert_eq!(texts, ["0", "50 ms", "15 s", "above all buckets"]);
    }
}
