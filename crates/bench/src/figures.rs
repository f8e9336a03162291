//! Figures: their median and percentiles, and their report.

/// The median: other work on the machine spoils some rounds and does not move it.
pub(crate) fn median(figures: &[f64]) -> f64 {
    percentile(figures, 50.0)
}

/// The least figure that `percent` of all do not exceed; 0 if there are none.
pub(crate) fn percentile(figures: &[f64], percent: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "there are not that many figures")]
    let rank = (percent / 100.0 * sorted.len() as f64).ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is small and positive"
    )]
    let index = (rank as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(index).copied().unwrap_or_default()
}

/// A goal for a figure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    AtLeast(f64),
    Below(f64),
}

/// The heading of a measurement. Its goals follow, then the figures that explain them.
pub(crate) fn title(words: &str) {
    println!("\n{words}");
}

/// A figure with a goal.
pub(crate) fn goal(figure: f64, unit: &str, goal: Goal, words: &str) {
    let (met, sign, bound) = match goal {
        Goal::AtLeast(bound) => (figure >= bound, "≥", bound),
        Goal::Below(bound) => (figure < bound, "<", bound),
    };
    let verdict = if met { "met" } else { "MISSED" };
    println!("  {figure:8.2}{unit}  {words} (goal {sign} {bound}{unit}: {verdict})");
}

/// A figure without a goal.
pub(crate) fn figure(figure: f64, unit: &str, words: &str) {
    println!("  {figure:8.2}{unit}  {words}");
}

/// An explanation.
pub(crate) fn note(words: &str) {
    println!("            {words}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_figures_that_were_measured() {
        let figures: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        let shown = [50.0, 99.0, 100.0].map(|percent| percentile(&figures, percent).to_string());
        assert_eq!(shown, ["50", "99", "100"]);
        assert_eq!(median(&[3.0, 1.0, 2.0]).to_string(), "2");
        assert!(median(&[]) < f64::EPSILON);
    }
}
