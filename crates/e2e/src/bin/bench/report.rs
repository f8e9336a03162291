//! How figures are shown: what was measured, then the goals, then what explains them.

/// A goal for a figure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    AtLeast(f64),
    Below(f64),
}

/// What is measured next.
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

/// Something else worth knowing.
pub(crate) fn note(words: &str) {
    println!("            {words}");
}
