//! An email as it is sent: text and HTML, with attachments.

use std::error::Error;
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use common::Time;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Attachment as Part, Mailbox, MultiPart};

/// An email. `Debug` omits the address and the contents.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "`Message-ID` is the name of the header")]
pub struct Message {
    /// The `Message-ID`, without angle brackets.
    pub message_id: String,
    /// The address of the recipient.
    pub to: String,
    /// The `Date`: when the email was caused. Repetitions have the same.
    pub date: Time,
    /// The subject.
    pub subject: String,
    /// The contents as text.
    pub text: String,
    /// The contents as HTML.
    pub html: String,
    /// The attachments.
    pub attachments: Vec<Attachment>,
}

/// A file in an email.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The name of the file.
    pub name: String,
    /// The media type, such as `text/calendar`.
    pub media_type: String,
    /// The contents.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// RFC 3834 section 5: no program replies to the email, such as with a vacation notice.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Message {
    /// The email with its headers, as SMTP transfers it.
    ///
    /// # Errors
    /// An address or a media type is none.
    pub(crate) fn to_lettre(&self, from: &Mailbox) -> Result<lettre::Message, Box<dyn Error + Send + Sync>> {
        let sent = UNIX_EPOCH + Duration::from_millis(self.date.as_millis().try_into().unwrap_or_default());
        let builder = lettre::Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, self.to.parse()?))
            .subject(&self.subject)
            .date(sent)
            .message_id(Some(format!("<{}>", self.message_id)))
            .header(AutoSubmitted);
        let body = MultiPart::alternative_plain_html(self.text.clone(), self.html.clone());
        if self.attachments.is_empty() {
            return Ok(builder.multipart(body)?);
        }
        let mut parts = MultiPart::mixed().multipart(body);
        for Attachment { name, media_type, bytes } in &self.attachments {
            parts = parts
                .singlepart(Part::new(name.clone()).body(bytes.clone(), ContentType::parse(media_type)?));
        }
        Ok(builder.multipart(parts)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            message_id: "01@tickets.example".into(),
            to: "ann@example.com".into(),
            date: "2026-11-22T10:00:00Z".parse().expect("a time"),
            subject: "Verify".into(),
            text: "Hello".into(),
            html: "<p>Hello</p>".into(),
            attachments: Vec::new(),
        }
    }

    fn sent(message: &Message) -> Result<String, Box<dyn Error + Send + Sync>> {
        let from = "Ticketing <no-reply@tickets.example>".parse()?;
        Ok(String::from_utf8_lossy(&message.to_lettre(&from)?.formatted()).into_owned())
    }

    /// The names of the headers before the first body.
    fn header_names(sent: &str) -> Vec<&str> {
        let head = sent.split("\r\n\r\n").next().unwrap_or_default();
        let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        lines.filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect()
    }

    #[test]
    fn an_email_has_every_header_of_a_generated_one() {
        let sent = sent(&message()).expect("an email");
        for line in [
            "From: Ticketing <no-reply@tickets.example>",
            "To: ann@example.com",
            "Subject: Verify",
            "Date: Sun, 22 Nov 2026 10:00:00 +0000",
            "Message-ID: <01@tickets.example>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert!(sent.lines().any(|sent| sent == line), "{line}\n{sent}");
        }
        assert!(sent.contains("multipart/alternative") && !sent.contains("multipart/mixed"), "{sent}");
    }

    #[test]
    fn a_repetition_differs_in_its_boundaries_only() {
        let without = |text: String| {
            let boundary = text.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next());
            text.replace(boundary.expect("a boundary"), "")
        };
        let [one, other] = [(); 2].map(|()| without(sent(&message()).expect("an email")));
        assert_eq!(one, other);
    }

    #[test]
    fn no_text_becomes_a_header() {
        let evil = "Hello\r\nBcc: eve@example.com\r\n\r\nEvil body";
        let names = header_names(&sent(&message()).expect("an email")).join(" ");
        for message in [
            Message { subject: evil.into(), ..message() },
            Message { text: evil.into(), ..message() },
            Message { html: evil.into(), ..message() },
            Message { subject: "ü\r\nBcc: eve@example.com".into(), ..message() },
        ] {
            let sent = sent(&message).expect("an email");
            assert_eq!(header_names(&sent).join(" "), names, "{sent}");
        }
        for to in ["ann@example.com\r\nBcc: eve@example.com", "ann@example.com, eve@example.com", "ann"] {
            assert!(sent(&Message { to: to.into(), ..message() }).is_err(), "{to:?}");
        }
        let attachment = Attachment {
            name: "a.ics\"\r\nBcc: eve@example.com".into(),
            media_type: "text/calendar".into(),
            bytes: b"BEGIN:VCALENDAR".to_vec(),
        };
        let sent = sent(&Message { attachments: vec![attachment], ..message() }).expect("an email");
        assert!(sent.contains("multipart/mixed") && !sent.contains("\nBcc:"), "{sent}");
    }

    #[test]
    fn neither_address_nor_contents_are_shown_in_debug_output() {
        let shown = format!("{:?}", message());
        assert!(!shown.contains("ann@") && !shown.contains("Hello") && !shown.contains("Verify"), "{shown}");
    }
}
