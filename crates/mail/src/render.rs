//! The rendering of an email: one template as text and one as HTML, filled with the texts of the kind.

use askama::Template;
use common::Time;

use crate::calendar::CalendarEvent;
use crate::text::{ENGLISH, EmailTexts, Texts};
use crate::{Attachment, Factor, Kind, Message, PendingEmail, Secret};

/// The page that verifies an address.
const VERIFY_PAGE: &str = "/auth/verify";
/// The page that sets a new password.
const RESET_PAGE: &str = "/auth/reset";
/// The page of the recipient's password, factors and sessions.
const SECURITY_PAGE: &str = "/account/security";
/// The page of what the recipient has sold.
const SALES_PAGE: &str = "/sales";

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
        attachments: attachments(email, public_url),
    })
}

/// The calendar file of an event whose start is known.
fn attachments(email: &PendingEmail, public_url: &str) -> Vec<Attachment> {
    let Kind::OrderComplete { order, title, venue, starts_at: Some(start), .. } = &email.kind else {
        return Vec::new();
    };
    let domain = email.message_id.split_once('@').map_or("", |(_, domain)| domain);
    let event = CalendarEvent {
        uid: format!("{order}@{domain}"),
        stamp: email.created_at,
        start: *start,
        summary: title,
        location: venue.as_deref(),
        url: format!("{public_url}/orders/{order}"),
    };
    vec![Attachment {
        name: "event.ics".to_owned(),
        media_type: "text/calendar; charset=utf-8".to_owned(),
        bytes: event.to_file().into_bytes(),
    }]
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
    let page = |path: &str| Some(format!("{public_url}{path}"));
    let factor_notice = |factor, at, texts: &'static EmailTexts| {
        let factor = match factor {
            Factor::Authenticator => t.authenticator,
            Factor::Passkey => t.passkey,
        };
        let lead = texts.lead.replace("{factor}", factor).replace("{at}", &moment(at));
        Contents { lead, link: page(SECURITY_PAGE), ..plain(texts) }
    };
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
        Kind::NewBrowser { at, browser } => {
            let texts = &t.new_browser;
            let browser = browser.as_deref().unwrap_or(t.unknown_browser);
            let lead = texts.lead.replace("{at}", &moment(*at)).replace("{browser}", browser);
            Contents { lead, link: page(SECURITY_PAGE), ..plain(texts) }
        }
        Kind::FactorAdded { factor, at } => factor_notice(*factor, *at, &t.factor_added),
        Kind::FactorRemoved { factor, at } => factor_notice(*factor, *at, &t.factor_removed),
        // Texts of people are filled in last: they may look like a placeholder.
        Kind::OrderComplete { order, title, price, venue, starts_at } => {
            let start = starts_at.map(moment);
            let event = [Some(title), venue.as_ref(), start.as_ref()].map(|part| part.map(String::as_str));
            let event = event.into_iter().flatten().collect::<Vec<_>>().join(", ");
            let texts = &t.order_complete;
            let lead = texts.lead.replace("{price}", &price.to_string()).replace("{event}", &event);
            Contents { lead, link: page(&format!("/orders/{order}")), ..plain(texts) }
        }
        Kind::OrderExpired { ticket, title } => {
            let texts = &t.order_expired;
            let lead = texts.lead.replace("{title}", title);
            Contents { lead, link: page(&format!("/tickets/{ticket}")), ..plain(texts) }
        }
        Kind::TicketSold { title, price } => {
            let texts = &t.ticket_sold;
            let lead = texts.lead.replace("{price}", &price.to_string()).replace("{title}", title);
            Contents { lead, link: page(SALES_PAGE), ..plain(texts) }
        }
        Kind::OrderRefunded { order, title, amount } => {
            let texts = &t.order_refunded;
            let lead = texts.lead.replace("{amount}", &amount.to_string()).replace("{title}", title);
            Contents { lead, link: page(&format!("/orders/{order}")), ..plain(texts) }
        }
        Kind::SaleRefunded { title, amount } => {
            let texts = &t.sale_refunded;
            let lead = texts.lead.replace("{amount}", &amount.to_string()).replace("{title}", title);
            Contents { lead, link: page(SALES_PAGE), ..plain(texts) }
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
    use common::{Currency, Money};
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

    const PRICE: Money = Money { amount: 25_00, currency: Currency::Usd };

    fn complete(starts_at: Option<Time>) -> Kind {
        let (order, venue) = (Uuid::from_u128(7).into(), Some("Hall; north".into()));
        Kind::OrderComplete { order, title: "Concert <1>".into(), price: PRICE, venue, starts_at }
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
    fn a_complete_order_has_a_link_and_a_calendar_file_if_its_start_is_known() {
        let start: Time = "2027-01-30T19:30:00Z".parse().expect("a time");
        let message = rendered(complete(Some(start)));
        let link = "https://tickets.example/orders/00000000-0000-0000-0000-000000000007";
        assert!(
            message.text.contains("Concert <1>, Hall; north, 2027-01-30 at 19:30 UTC"),
            "{}",
            message.text
        );
        assert!(message.text.contains("25.00 USD") && message.text.lines().any(|line| line == link));
        assert_eq!(message.attachments[0].name, "event.ics");
        let calendar = String::from_utf8_lossy(&message.attachments[0].bytes);
        assert!(calendar.contains("\r\nDTSTART:20270130T193000Z\r\n"), "{calendar}");
        assert_eq!(rendered(complete(None)).attachments, []);
    }

    #[test]
    fn a_title_that_looks_like_a_placeholder_stays_as_it_is() {
        let message = rendered(Kind::TicketSold { title: "{price} {title}".into(), price: PRICE });
        assert!(message.text.contains("“{price} {title}” was sold for 25.00 USD"), "{}", message.text);
    }

    #[test]
    fn no_placeholder_is_left() {
        for kind in [
            Kind::VerifyAddress { token: token() },
            Kind::ConfirmAddress { token: token() },
            Kind::PasswordReset { token: token() },
            Kind::AddressChanged { new: "new@example.com".into() },
            Kind::PasswordChanged { at: Time::from_millis(0) },
            Kind::NewBrowser { at: Time::from_millis(0), browser: None },
            Kind::FactorAdded { factor: Factor::Authenticator, at: Time::from_millis(0) },
            Kind::FactorRemoved { factor: Factor::Passkey, at: Time::from_millis(0) },
            complete(Some(Time::from_millis(0))),
            complete(None),
            Kind::OrderExpired { ticket: Uuid::nil().into(), title: "Concert".into() },
            Kind::TicketSold { title: "Concert".into(), price: PRICE },
            Kind::OrderRefunded { order: Uuid::nil().into(), title: "Concert".into(), amount: PRICE },
            Kind::SaleRefunded { title: "Concert".into(), amount: PRICE },
        ] {
            let Message { subject, text, html, .. } = rendered(kind);
            assert!(!subject.is_empty() && !format!("{subject}{text}{html}").contains(['{', '}']), "{html}");
        }
    }
}
