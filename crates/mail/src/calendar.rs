//! The calendar file of an event (RFC 5545). By hand: one component with six properties needs no library.

use common::Time;

/// The longest line in bytes, without its end (RFC 5545 section 3.1).
const MAX_LINE: usize = 75;

/// An event in a calendar.
pub(crate) struct CalendarEvent<'a> {
    /// The globally unique id: calendars replace the event of the same id.
    pub(crate) uid: String,
    /// When the file was made.
    pub(crate) stamp: Time,
    /// The start. The end is unknown, so calendars show a point in time.
    pub(crate) start: Time,
    /// The title.
    pub(crate) summary: &'a str,
    /// The venue.
    pub(crate) location: Option<&'a str>,
    /// The page of the order.
    pub(crate) url: String,
}

impl CalendarEvent<'_> {
    /// The file. Times are in UTC, so it needs no time zone component.
    pub(crate) fn to_file(&self) -> String {
        let location = self.location.map(|venue| format!("LOCATION:{}", escaped(venue)));
        let lines = [
            "BEGIN:VCALENDAR".to_owned(),
            "VERSION:2.0".to_owned(),
            "PRODID:-//Ticketing//Ticketing//EN".to_owned(),
            "BEGIN:VEVENT".to_owned(),
            format!("UID:{}", self.uid),
            format!("DTSTAMP:{}", utc(self.stamp)),
            format!("DTSTART:{}", utc(self.start)),
            format!("SUMMARY:{}", escaped(self.summary)),
            format!("URL:{}", self.url),
        ];
        let end = ["END:VEVENT".to_owned(), "END:VCALENDAR".to_owned()];
        lines.into_iter().chain(location).chain(end).map(|line| folded(&line)).collect()
    }
}

/// `20270130T193000Z`
fn utc(time: Time) -> String {
    let text = time.to_string().replace(['-', ':'], "");
    let seconds = text.split(['.', 'Z']).next().unwrap_or_default();
    format!("{seconds}Z")
}

/// A text value (section 3.3.11). Control characters but line breaks are not allowed.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n");
    text.chars().filter(|c| !c.is_control()).collect()
}

/// A line with its end, in parts of at most 75 bytes between characters; each further part begins with a space.
fn folded(line: &str) -> String {
    let (mut folded, mut length) = (String::new(), 0);
    for c in line.chars() {
        if length + c.len_utf8() > MAX_LINE {
            folded.push_str("\r\n ");
            length = 1;
        }
        folded.push(c);
        length += c.len_utf8();
    }
    folded + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(summary: &str, location: Option<&str>) -> String {
        let time = |text: &str| text.parse().expect("a time");
        let (stamp, start) = (time("2026-11-22T10:00:00.250Z"), time("2027-01-30T19:30:00Z"));
        let (uid, url) = ("7@tickets.example".to_owned(), "https://tickets.example/orders/7".to_owned());
        CalendarEvent { uid, stamp, start, summary, location, url }.to_file()
    }

    #[test]
    fn a_file_is_written_to_the_byte() {
        let expected = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Ticketing//Ticketing//EN",
            "BEGIN:VEVENT",
            "UID:7@tickets.example",
            "DTSTAMP:20261122T100000Z",
            "DTSTART:20270130T193000Z",
            "SUMMARY:Mahler 5",
            "URL:https://tickets.example/orders/7",
            "LOCATION:Philharmonie\\, Berlin",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ];
        assert_eq!(file("Mahler 5", Some("Philharmonie, Berlin")), expected.join("\r\n"));
    }

    #[test]
    fn no_text_becomes_a_property() {
        let file = file("a\r\nATTENDEE:eve\\;b,c\u{7}", None);
        assert!(file.contains("\r\nSUMMARY:a\\nATTENDEE:eve\\\\\\;b\\,c\r\n"), "{file}");
        assert_eq!(file.split("\r\n").count(), 12);
    }

    #[test]
    fn long_lines_are_folded_between_characters_and_unfold_to_the_text() {
        let title = "Grüße 🎫 ".repeat(25);
        let file = file(&title, None);
        assert!(file.split("\r\n").all(|line| line.len() <= MAX_LINE), "{file}");
        let unfolded = file.replace("\r\n ", "");
        assert!(unfolded.contains(&format!("\r\nSUMMARY:{title}\r\n")), "{unfolded}");
    }
}
