//! Dates and times on pages and in forms. Pages are rendered in UTC; a script shows the reader's own time zone.

use common::Time;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// A `<time>` element, which the script localizes.
#[derive(askama::Template)]
#[template(source = r#"<time datetime="{{ moment }}" data-local>{{ text }}</time>"#, ext = "html")]
pub(crate) struct TimeTag {
    moment: Time,
    text: String,
}

impl askama::filters::HtmlSafe for TimeTag {}

impl From<Time> for TimeTag {
    fn from(moment: Time) -> Self {
        Self { moment, text: format!("{} UTC", strftime(moment, "%-d %b %Y, %H:%M")) }
    }
}

fn strftime(moment: Time, format: &str) -> String {
    let moment = Timestamp::from_millisecond(moment.as_millis()).unwrap_or_default();
    moment.strftime(format).to_string()
}

/// The value of an `<input type="datetime-local">`, in UTC.
pub(crate) fn input_value(moment: Time) -> String {
    strftime(moment, "%Y-%m-%dT%H:%M")
}

/// Parses a sent date and time: one with its own offset, or a local one that lies `minutes` east of UTC.
pub(crate) fn parse(text: &str, minutes: &str) -> Option<Time> {
    if let Ok(moment) = text.parse::<Time>() {
        return Some(moment);
    }
    let minutes = if minutes.is_empty() { 0 } else { minutes.parse::<i32>().ok()? };
    let offset = Offset::from_seconds(minutes.checked_mul(60)?).ok()?;
    let local = text.parse::<DateTime>().ok()?;
    let moment = local.to_zoned(TimeZone::fixed(offset)).ok()?;
    Some(moment.timestamp().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_time_counts_in_the_typists_time_zone() {
        let read = |text, minutes| parse(text, minutes).map(|moment| moment.to_string());
        let six = Some("2026-12-24T18:00:00.000Z".to_owned());
        assert_eq!(read("2026-12-24T18:00", ""), six);
        assert_eq!(read("2026-12-24T19:00", "60"), six);
        assert_eq!(read("2026-12-24T13:00", "-300"), six);
        assert_eq!(read("2026-12-24T18:00:00Z", "60"), six, "an offset of its own wins");
        for (text, minutes) in [
            ("soon", ""),
            ("2026-13-01T00:00", ""),
            ("2026-12-24T18:00", "x"),
            ("2026-12-24T18:00", "99999999999"),
        ] {
            assert_eq!(read(text, minutes), None, "{text} {minutes}");
        }
    }

    #[test]
    fn an_input_value_parses_back() {
        let moment = "2026-12-24T18:05:00Z".parse().expect("a time");
        assert_eq!(parse(&input_value(moment), ""), Some(moment));
    }
}
