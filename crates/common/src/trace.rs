//! The W3C trace context, passed from a request through its events to their consumers.
//!
//! A process that exports spans makes each span a child of the one that caused it, and passes its own on. Any other process
//! passes on the context that it has received.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::{Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The field of a span for its trace id, as logs show it.
pub const FIELD: &str = "trace";

/// Whether spans are exported.
static EXPORTED: AtomicBool = AtomicBool::new(false);

tokio::task_local! {
    static TRACEPARENT: Option<String>;
}

/// From now on this process exports its spans.
pub fn set_exported() {
    EXPORTED.store(true, Ordering::Relaxed);
}

fn is_exported() -> bool {
    EXPORTED.load(Ordering::Relaxed)
}

/// The `traceparent` of the current request or event.
pub fn current() -> Option<String> {
    if is_exported()
        && let Some(context) = context_of(&Span::current())
    {
        let (trace, span, flags) = (context.trace_id(), context.span_id(), context.trace_flags());
        return Some(format!("00-{trace}-{span}-{:02x}", flags.to_u8()));
    }
    TRACEPARENT.try_with(Clone::clone).ok().flatten()
}

/// Runs `work` with this `traceparent`.
pub async fn scope<F: Future>(traceparent: Option<String>, work: F) -> F::Output {
    TRACEPARENT.scope(traceparent, work).await
}

/// Makes a new span a child of the one that this `traceparent` names, and records the trace id in [`FIELD`]. Call this before
/// the span is entered. Without a `traceparent` the span stays the child of its surroundings.
pub fn follow(span: &Span, traceparent: Option<&str>) {
    if span.is_disabled() {
        return;
    }
    if is_exported() {
        if let Some(parent) = traceparent.and_then(parse) {
            // Fails for a span that was entered before, which stays where it is.
            let _ = span.set_parent(Context::new().with_remote_span_context(parent));
        }
        if let Some(context) = context_of(span) {
            span.record(FIELD, field::display(context.trace_id()));
            return;
        }
    }
    if let Some(trace) = traceparent.and_then(|text| text.get(3..35)) {
        span.record(FIELD, trace);
    }
}

/// Links the current span, such as that of a request, with the span that this `traceparent` names, whose trace continues here.
pub fn link(traceparent: Option<&str>) {
    if is_exported()
        && let Some(other) = traceparent.and_then(parse)
    {
        Span::current().add_link(other);
    }
}

fn context_of(span: &Span) -> Option<SpanContext> {
    let context = span.context();
    let context = context.span().span_context().clone();
    context.is_valid().then_some(context)
}

fn parse(traceparent: &str) -> Option<SpanContext> {
    if !is_traceparent(traceparent) {
        return None;
    }
    let mut parts = traceparent.split('-').skip(1);
    let trace = TraceId::from_hex(parts.next()?).ok()?;
    let span = SpanId::from_hex(parts.next()?).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(parts.next()?, 16).ok()?);
    Some(SpanContext::new(trace, span, flags, true, TraceState::default()))
}

/// Whether a header value is a `traceparent` of version 00 (<https://www.w3.org/TR/trace-context/#traceparent-header>).
pub fn is_traceparent(text: &str) -> bool {
    let hex = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let parts: Vec<&str> = text.split('-').collect();
    matches!(parts[..], ["00", trace, span, flags]
        if hex(trace, 32) && hex(span, 16) && hex(flags, 2)
            && trace.bytes().any(|byte| byte != b'0') && span.bytes().any(|byte| byte != b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_trace_contexts_are_passed_on() {
        assert!(is_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        for other in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        ] {
            assert!(!is_traceparent(other), "{other}");
        }
    }
}
