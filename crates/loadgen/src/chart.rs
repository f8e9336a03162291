//! Charts as inline SVG. The colors come from the page's style, so that they follow its light or dark scheme.

use std::fmt::Write as _;

use crate::report::OperationFigures;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 210.0;
/// Space for the labels of the axes.
const LEFT: f64 = 46.0;
const BOTTOM: f64 = 24.0;
const EDGE: f64 = 10.0;

/// Space for the names of operations, and for their figures.
const NAMES: f64 = 110.0;
const FIGURES: f64 = 170.0;
const WIDE: f64 = 1160.0;
const ROW: f64 = 30.0;

/// A line of a chart.
pub(crate) struct Series {
    pub(crate) label: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Lines over seconds, in the order of the style's colors.
pub(crate) fn lines(unit: &str, series: &[Series]) -> String {
    let all = || series.iter().flat_map(|one| &one.points);
    let last = all().map(|(x, _)| *x).fold(0.1, f64::max);
    let step = nice_step(all().map(|(_, y)| *y).fold(0.0, f64::max) / 4.0);
    let top = step * (all().map(|(_, y)| *y).fold(0.0, f64::max) / step).ceil().max(1.0);
    let x = |seconds: f64| LEFT + seconds / last * (WIDTH - LEFT - EDGE);
    let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - EDGE);
    let mut svg = open(WIDTH, HEIGHT, unit);
    for value in steps(0.0, top, step) {
        let at = y(value);
        line(&mut svg, "grid", (LEFT, at), (WIDTH - EDGE, at));
        text(&mut svg, "end", (LEFT - 6.0, at + 4.0), &short(value));
    }
    for seconds in steps(0.0, last, nice_step(last / 6.0)) {
        text(&mut svg, "middle", (x(seconds), HEIGHT - 6.0), &format!("{} s", short(seconds)));
    }
    for (number, one) in series.iter().enumerate() {
        let points: Vec<_> =
            one.points.iter().map(|(at, value)| format!("{:.1},{:.1}", x(*at), y(*value))).collect();
        let _ = write!(svg, r#"<polyline class="line c{number}" points="{}"/>"#, points.join(" "));
        for (at, value) in &one.points {
            let title = format!("{:.1} s: {} {unit}, {}", at, short(*value), one.label);
            circle(&mut svg, &format!("c{number} spot"), (x(*at), y(*value)), 5.0, &title);
        }
    }
    svg + "</svg>"
}

/// A row for each operation: its percentiles on a logarithmic axis of milliseconds.
pub(crate) fn ranges(operations: &[OperationFigures]) -> String {
    let bottom = operations.iter().map(|one| one.p50_ms).fold(f64::MAX, f64::min).max(0.01).log10().floor();
    let top = operations.iter().map(|one| one.max_ms).fold(0.1, f64::max).log10().ceil().max(bottom + 1.0);
    let (from, to) = (NAMES + EDGE, WIDE - FIGURES);
    let x =
        |millis: f64| from + (millis.max(0.01).log10().max(bottom) - bottom) / (top - bottom) * (to - from);
    #[expect(clippy::cast_precision_loss, reason = "there are a few operations")]
    let floor = ROW * operations.len() as f64 + EDGE;
    let mut svg = open(WIDE, floor + BOTTOM, "milliseconds");
    for power in steps(bottom, top, 1.0) {
        let at = x(10.0_f64.powf(power));
        line(&mut svg, "grid", (at, 0.0), (at, floor));
        text(&mut svg, "middle", (at, floor + 17.0), &time(10.0_f64.powf(power)));
    }
    let mut at = EDGE + ROW / 2.0;
    for one in operations {
        let class = if one.is_journey { "whole" } else { "single" };
        let _ = write!(svg, r#"<g class="{class}">"#);
        text(&mut svg, "end name", (NAMES, at + 4.0), one.name);
        line(&mut svg, "whisker", (x(one.p50_ms), at), (x(one.max_ms), at));
        line(&mut svg, "bar", (x(one.p50_ms), at), (x(one.p99_ms), at));
        let spots = [
            ("p50", one.p50_ms),
            ("p90", one.p90_ms),
            ("p99", one.p99_ms),
            ("p99.9", one.p999_ms),
            ("max", one.max_ms),
        ];
        for (number, (name, millis)) in spots.into_iter().enumerate() {
            let title = format!("{}, {name}: {}", one.name, time(millis));
            circle(&mut svg, &format!("p{number}"), (x(millis), at), 5.0, &title);
        }
        let figures = format!("p50 {} · p99 {}", time(one.p50_ms), time(one.p99_ms));
        text(&mut svg, "end", (WIDE - EDGE, at + 4.0), &figures);
        svg.push_str("</g>");
        at += ROW;
    }
    svg + "</svg>"
}

fn open(width: f64, height: f64, label: &str) -> String {
    format!(r#"<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">"#)
}

fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = write!(svg, r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#);
}

fn text(svg: &mut String, class: &str, (x, y): (f64, f64), words: &str) {
    let _ = write!(svg, r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{words}</text>"#);
}

fn circle(svg: &mut String, class: &str, (x, y): (f64, f64), radius: f64, title: &str) {
    let _ = write!(
        svg,
        r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="{radius}"><title>{title}</title></circle>"#
    );
}

fn steps(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    (0..100)
        .map(move |number| from + f64::from(number) * step)
        .take_while(move |value| *value <= to + step / 1e3)
}

/// The least of 1, 2 and 5 times a power of ten that is not below.
fn nice_step(least: f64) -> f64 {
    let power = 10.0_f64.powf(least.max(1e-3).log10().floor());
    [1.0, 2.0, 5.0].map(|one| one * power).into_iter().find(|step| *step >= least).unwrap_or(10.0 * power)
}

/// Milliseconds in the unit that reads best.
fn time(millis: f64) -> String {
    if millis < 1_000.0 { format!("{} ms", short(millis)) } else { format!("{} s", short(millis / 1_000.0)) }
}

/// Two digits at most behind the point, fewer for larger values.
pub(crate) fn short(value: f64) -> String {
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_steps() {
        let steps = [0.03, 0.25, 1.0, 3.0, 70.0].map(|least| short(nice_step(least)));
        assert_eq!(steps, ["0.05", "0.5", "1", "5", "100"]);
        assert_eq!([0.5, 999.0, 12_500.0].map(time), ["0.5 ms", "999 ms", "12.5 s"]);
        assert_eq!([0.0, 0.456, 12.34, 1234.5].map(short), ["0", "0.46", "12.3", "1234"]);
    }

    #[test]
    fn a_line_stays_within_the_chart() {
        let svg = lines("a second", &[Series { label: "replies", points: vec![(0.5, 0.0), (1.0, 70.0)] }]);
        assert!(svg.contains(r#"points="298.0,186.0 550.0,"#), "{svg}");
        assert!(svg.contains(">80</text>") && !svg.contains(">100</text>"), "{svg}");
    }
}
