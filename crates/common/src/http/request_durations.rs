//! The metric `http_request_duration_seconds`: the time of requests by method, route and status.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::MatchedPath;
use http::{Method, StatusCode};
use metrics::{Histogram, histogram};
use parking_lot::RwLock;

/// The route of requests that match none.
pub(super) const UNMATCHED: &str = "unmatched";

/// The histograms of one service, by route. They are kept, since finding one by its labels costs more than recording.
/// Routes, methods and our statuses bound their number.
#[derive(Default)]
pub(super) struct RequestDurations(RwLock<HashMap<Box<str>, RouteHistograms>>);

/// The histograms of a route, by method and status.
type RouteHistograms = HashMap<(&'static str, StatusCode), Histogram>;

impl RequestDurations {
    pub(super) fn record(
        &self,
        method: &Method,
        route: Option<&MatchedPath>,
        status: StatusCode,
        duration: Duration,
    ) {
        let (method, route) = (label(method), route.map_or(UNMATCHED, MatchedPath::as_str));
        let known =
            self.0.read().get(route).and_then(|histograms| histograms.get(&(method, status)).cloned());
        let histogram = known.unwrap_or_else(|| self.register(method, route, status));
        histogram.record(duration.as_secs_f64());
    }

    fn register(&self, method: &'static str, route: &str, status: StatusCode) -> Histogram {
        let histogram = histogram!("http_request_duration_seconds", "method" => method, "route" => route.to_owned(), "status" => status.as_str().to_owned());
        self.0.write().entry(route.into()).or_default().insert((method, status), histogram.clone());
        histogram
    }
}

/// The name of a method. Clients may invent methods, which share one name.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
