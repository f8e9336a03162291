//! The report as one page, without anything to load.

use askama::Template;

use crate::chart::{self, Series, short};
use crate::report::{OperationFigures, Report};
use crate::timeline::Point;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report,
    tiles: Vec<(&'static str, String)>,
    latencies: String,
    /// Each with its labels, in the order of the style's colors.
    charts: Vec<(&'static str, Vec<&'static str>, String)>,
}

/// The page of a report.
pub(crate) fn page(report: &Report) -> askama::Result<String> {
    let mut charts = vec![
        chart(
            report,
            "Requests a second",
            "a second",
            &[
                ("arrivals", |point| Some(point.arrivals)),
                ("replies", |point| Some(point.replies)),
                ("unexpected", |point| Some(point.unexpected)),
            ],
        ),
        chart(
            report,
            "Latency over time, ms",
            "ms",
            &[("p50", |point| Some(point.p50_ms)), ("p99", |point| Some(point.p99_ms))],
        ),
    ];
    if report.server.processor_seconds.is_some() {
        charts.push(chart(
            report,
            "Processors in use",
            "processors",
            &[("target", |point| point.processors)],
        ));
        charts.push(chart(report, "Resident memory, MiB", "MiB", &[("target", |point| point.memory_mib)]));
    }
    let latencies = chart::ranges(&report.operations);
    let page = Page { report, tiles: tiles(report), latencies, charts };
    page.render()
}

type Figure = fn(&Point) -> Option<f64>;

fn chart(
    report: &Report,
    title: &'static str,
    unit: &str,
    figures: &[(&'static str, Figure)],
) -> (&'static str, Vec<&'static str>, String) {
    let series = figures.iter().map(|(label, figure)| {
        let points = report.timeline.iter().filter_map(|point| Some((point.at, figure(point)?)));
        Series { label, points: points.collect() }
    });
    (
        title,
        figures.iter().map(|(label, _)| *label).collect(),
        chart::lines(unit, &series.collect::<Vec<_>>()),
    )
}

/// The figures of an operation in a row of the table.
fn figures(one: &OperationFigures) -> [String; 6] {
    [one.per_second, one.p50_ms, one.p90_ms, one.p99_ms, one.p999_ms, one.max_ms].map(short)
}

fn tiles(report: &Report) -> Vec<(&'static str, String)> {
    let measured = |figure: Option<f64>, unit| {
        figure.map_or_else(|| "not measured".to_owned(), |figure| format!("{} {unit}", short(figure)))
    };
    vec![
        ("arrivals", report.arrivals.to_string()),
        ("replies a second", short(report.replies_per_second)),
        ("unexpected outcomes", report.unexpected.to_string()),
        ("orders, of them complete", format!("{} / {}", report.checks.orders, report.checks.complete)),
        ("processor time an arrival", measured(report.server.processor_ms_per_arrival, "ms")),
        ("memory at most", measured(report.server.max_memory_mib, "MiB")),
    ]
}
