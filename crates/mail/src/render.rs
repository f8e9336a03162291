//! The rendering of an email: one template as text and one as HTML, filled with the texts of the kind.

use askama::Template;
use common::Time;

use crate::text::{ENGLISH, EmailTexts, Texts};
use crate::{Kind, Message, PendingEmail, Secret};

/// The page that verifies an address.
const VERIFY_PAGE: &str = "/auth/verify";
/// The page that sets a new password.
const RESET_PAGE: &str = "/auth/reset";

#[derive(Template)]
#[template(path = "email.html")]
struct Html<'a>(Contents<'a>);

#[derive(Template)]
#[template(path = "email.txt", escape = "none", whitespace = "preserve")]
struct Text<'a>(Contents<'a>);

/// The contents of an email.
#[derive(Clone)]
struct Contents<'a> {
    t: &'static Texts,
    texts: &'a EmailTexts,
    lead: String,
    /// The address of the link.
    link: Option<String>,
    after: String,
}

/// The email as it is sent, with links that begin with `public_url`.
pub(crate) fn render(email: &PendingEmail, public_url: &str) -> Result<Message, askama::Error> {
    let contents = contents(&email.kind, public_url);
    Ok(Message {
        message_id: email.message_id.clone(),
        to: email.to.clone(),
        date: email.created_at,
        subject: contents.texts.subject.to_owned(),
        text: Text(contents.clone()).render()?,
        html: Html(contents).render()?,
        attachments: Vec::new(),
    })
}

fn contents(kind: &Kind, public_url: &str) -> Contents<'static> {
    let t = &ENGLISH;
    let plain = |texts: &'static EmailTexts| Contents {
        t,
        texts,
        lead: texts.lead.to_owned(),
        link: None,
        after: texts.after.to_owned(),
    };
    // A token is base64url, so it needs no escape.
    let link = |page: &str, token: &Secret| Some(format!("{public_url}{page}?token={}", token.expose()));
    match kind {
        Kind::VerifyAddress { token } => {
            Contents { link: link(VERIFY_PAGE, token), ..plain(&t.verify_address) }
        }
        Kind::ConfirmAddress { token } => {
            Contents { link: link(VERIFY_PAGE, token), ..plain(&t.confirm_address) }
        }
        Kind::PasswordReset { token } => {
            Contents { link: link(RESET_PAGE, token), ..plain(&t.password_reset) }
        }
        Kind::AddressChanged { new } => {
            let texts = &t.address_changed;
            let after = texts.after.replace("{account}", &format!("{public_url}/account"));
            Contents { lead: texts.lead.replace("{new}", new), after, ..plain(texts) }
        }
        Kind::PasswordChanged { at } => {
            let texts = &t.password_changed;
            let after = texts.after.replace("{forgotten}", &format!("{public_url}/auth/forgotten"));
            Contents { lead: texts.lead.replace("{at}", &moment(*at)), after, ..plain(texts) }
        }
    }
}

/// A time to the minute, in UTC: the time zone of the recipient is unknown.
fn moment(time: Time) -> String {
    let text = time.to_string();
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{date} at {} UTC", time.get(..5).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn rendered(kind: Kind) -> Message {
        let created_at: Time = "2026-11-22T10:00:00Z".parse().expect("a time");
        let email = PendingEmail {
            id: Uuid::nil(),
            kind,
            to: "ann@example.com".into(),
            message_id: "1@tickets.example".into(),
            created_at,
            attempts: 1,
            due: created_at,
        };
        render(&email, "https://tickets.example").expect("an email")
    }

    fn token() -> Secret {
        Secret::new("AbC-_9".into())
    }

    #[test]
    fn a_link_begins_with_the_public_url_in_text_and_in_html() {
        for (kind, link) in [
            (Kind::VerifyAddress { token: token() }, "https://tickets.example/auth/verify?token=AbC-_9"),
            (Kind::ConfirmAddress { token: token() }, "https://tickets.example/auth/verify?token=AbC-_9"),
            (Kind::PasswordReset { token: token() }, "https://tickets.example/auth/reset?token=AbC-_9"),
        ] {
            let message = rendered(kind);
            assert!(message.text.lines().any(|line| line == link), "{}", message.text);
            assert!(message.html.contains(&format!("href=\"{link}\"")), "{}", message.html);
        }
    }

    #[test]
    fn a_notice_has_no_link_with_a_token_and_names_what_happened() {
        let message = rendered(Kind::PasswordChanged { at: "2026-11-22T10:07:59Z".parse().expect("a time") });
        assert!(message.text.contains("2026-11-22 at 10:07 UTC"), "{}", message.text);
        assert!(message.text.contains("https://tickets.example/auth/forgotten"), "{}", message.text);
        assert!(!message.html.contains("token="), "{}", message.html);
    }

    #[test]
    fn what_a_person_typed_is_escaped_in_html() {
        let message = rendered(Kind::AddressChanged { new: "<b>'@example.com".into() });
        assert!(message.text.contains("<b>'@example.com"), "{}", message.text);
        assert!(!message.html.contains("<b>'"), "{}", message.html);
    }

    #[test]
    fn no_placeholder_is_left() {
        for kind in [
            Kind::VerifyAddress { token: token() },
            Kind::ConfirmAddress { token: token() },
            Kind::PasswordReset { token: token() },
            Kind::AddressChanged { new: "new@example.com".into() },
            Kind::PasswordChanged { at: Time::from_millis(0) },
        ] {
            let Message { subject, text, html, .. } = rendered(kind);
            assert!(!subject.is_empty() && !format!("{subject}{text}{html}").contains(['{', '}']), "{html}");
        }
    }
}
