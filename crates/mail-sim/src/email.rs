//! A received email with its parsed parts, in the words of Mailpit's API.

use common::Time;
use mail_parser::{Address as ParsedAddress, MessageParser, MimeHeaders, PartType};
use serde::Serialize;

/// A received email.
#[derive(Debug, Clone)]
pub struct Email {
    /// The id in this mailbox.
    pub id: String,
    /// When the server received the email.
    pub received: Time,
    /// The sender of the envelope.
    pub return_path: String,
    /// The `Message-ID`, without angle brackets.
    pub message_id: String,
    /// The sender.
    pub from: Option<Address>,
    /// The recipients.
    pub to: Vec<Address>,
    /// The recipients of copies.
    pub cc: Vec<Address>,
    /// The recipients of the envelope that no header names.
    pub bcc: Vec<Address>,
    /// The addresses for replies.
    pub reply_to: Vec<Address>,
    /// The subject.
    pub subject: String,
    /// The `Date`, or else the time of receipt.
    pub date: Time,
    /// The contents as text.
    pub text: String,
    /// The contents as HTML; empty without any.
    pub html: String,
    /// The attachments.
    pub attachments: Vec<Attachment>,
    /// All bytes as received.
    pub raw: Vec<u8>,
}

/// An address with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Address {
    /// The name; empty without any.
    pub name: String,
    /// The address.
    pub address: String,
}

/// A file in an email.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The id of the part.
    pub part: String,
    /// The name of the file.
    pub name: String,
    /// The media type.
    pub media_type: String,
    /// The `Content-ID`; empty without any.
    pub content_id: String,
    /// The contents.
    pub bytes: Vec<u8>,
}

impl Email {
    /// Parses an email. One that is no email has its bytes as text.
    pub(crate) fn parse(
        id: String,
        received: Time,
        sender: &str,
        recipients: Vec<String>,
        raw: Vec<u8>,
    ) -> Self {
        let parsed = MessageParser::default().parse(&raw).unwrap_or_default();
        let (to, cc) = (addresses(parsed.to()), addresses(parsed.cc()));
        let is_named =
            |one: &String| to.iter().chain(&cc).any(|named| named.address.eq_ignore_ascii_case(one));
        let hidden = recipients.into_iter().filter(|one| !is_named(one));
        let bcc = hidden.map(|address| Address { name: String::new(), address }).collect();
        let date = parsed.date().and_then(|date| date.to_rfc3339().parse().ok()).unwrap_or(received);
        // Without a part as HTML the parser would make one of the text.
        let html = parsed.html_part(0).filter(|part| matches!(part.body, PartType::Html(_)));
        let attachments = parsed.attachments.iter().filter_map(|number| {
            let part = parsed.part(*number)?;
            let media_type = part.content_type().map_or_else(
                || "application/octet-stream".to_owned(),
                |media| format!("{}/{}", media.ctype(), media.subtype().unwrap_or_default()),
            );
            Some(Attachment {
                part: number.to_string(),
                name: part.attachment_name().unwrap_or_default().to_owned(),
                media_type,
                content_id: part.content_id().unwrap_or_default().to_owned(),
                bytes: part.contents().to_vec(),
            })
        });
        Self {
            id,
            received,
            return_path: sender.to_owned(),
            message_id: parsed.message_id().unwrap_or_default().to_owned(),
            from: addresses(parsed.from()).into_iter().next(),
            reply_to: addresses(parsed.reply_to()),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            date,
            text: parsed.body_text(0).unwrap_or_default().into_owned(),
            html: html.and_then(|part| part.text_contents()).unwrap_or_default().to_owned(),
            attachments: attachments.collect(),
            to,
            cc,
            bcc,
            raw,
        }
    }

    /// Whether a search term in lower case matches: see [`crate::Mailbox::search`].
    pub(crate) fn matches(&self, term: &str) -> bool {
        let named = |one: &Address, text: &str| {
            one.address.to_lowercase().contains(text) || one.name.to_lowercase().contains(text)
        };
        let to = |text: &str| self.to.iter().chain(&self.cc).chain(&self.bcc).any(|one| named(one, text));
        let from = |text: &str| self.from.iter().any(|one| named(one, text));
        let subject = |text: &str| self.subject.to_lowercase().contains(text);
        match term.split_once(':') {
            Some(("to", text)) => to(text),
            Some(("from", text)) => from(text),
            Some(("subject", text)) => subject(text),
            _ => to(term) || from(term) || subject(term),
        }
    }

    /// The addresses of the links in the text, in order.
    pub fn links(&self) -> Vec<&str> {
        let is_link = |word: &&str| word.starts_with("http://") || word.starts_with("https://");
        let mut links: Vec<_> = self.text.split_whitespace().filter(is_link).collect();
        links.dedup();
        links
    }
}

fn addresses(parsed: Option<&ParsedAddress<'_>>) -> Vec<Address> {
    let all = parsed.into_iter().flat_map(|addresses| addresses.iter());
    all.map(|one| Address {
        name: one.name().unwrap_or_default().to_owned(),
        address: one.address().unwrap_or_default().to_owned(),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(raw: &str) -> Email {
        let recipients = vec!["ann@example.com".into(), "hidden@example.com".into()];
        Email::parse("1".into(), Time::from_millis(0), "no-reply@tickets.example", recipients, raw.into())
    }

    #[test]
    fn headers_and_parts_are_found() {
        let email = parse(concat!(
            "From: Ticketing <no-reply@tickets.example>\r\nTo: Ann <ann@example.com>\r\n",
            "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@tickets.example>\r\n",
            "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n",
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
            "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n",
            "--c\r\nContent-Type: text/plain\r\n\r\nSee http://a.example/x now\r\n",
            "--c\r\nContent-Type: text/html\r\n\r\n<p>See</p>\r\n--c--\r\n",
            "--b\r\nContent-Type: text/calendar\r\nContent-Disposition: attachment; filename=\"a.ics\"\r\n",
            "Content-Transfer-Encoding: base64\r\n\r\nQkVHSU4=\r\n--b--\r\n",
        ));
        assert_eq!((email.subject.as_str(), email.message_id.as_str()), ("Grüße", "1@tickets.example"));
        assert_eq!(email.to, [Address { name: "Ann".into(), address: "ann@example.com".into() }]);
        assert_eq!(email.bcc, [Address { name: String::new(), address: "hidden@example.com".into() }]);
        assert_eq!(email.date.to_string(), "2026-11-22T10:00:00.000Z");
        assert_eq!((email.links(), email.html.trim()), (vec!["http://a.example/x"], "<p>See</p>"));
        let [file] = &email.attachments[..] else { panic!("{:?}", email.attachments) };
        assert_eq!((file.name.as_str(), file.media_type.as_str()), ("a.ics", "text/calendar"));
        assert_eq!(file.bytes, b"BEGIN");
    }

    #[test]
    fn an_email_without_html_has_none() {
        let email = parse("To: ann@example.com\r\n\r\nHello\r\n");
        assert_eq!((email.text.trim(), email.html.as_str()), ("Hello", ""));
    }

    #[test]
    fn terms_match_parts_and_ignore_case() {
        let email =
            parse("From: no-reply@tickets.example\r\nTo: Ann@Example.com\r\nSubject: Verify it\r\n\r\n.");
        for term in ["to:ann@example.com", "to:hidden@", "from:tickets.example", "subject:verify", "verify"] {
            assert!(email.matches(term), "{term}");
        }
        for term in ["to:tickets.example", "from:ann", "subject:ann", "other"] {
            assert!(!email.matches(term), "{term}");
        }
    }
}
