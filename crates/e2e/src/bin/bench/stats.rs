//! What is told of many figures.

/// The middle one. Other work on the machine spoils some rounds; it does not move the middle.
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
