//! `GET /mine`: what one sells, is buying and has bought.

use askama::Template;
use axum::extract::State;
use common::Problem;
use common::event::TicketSnapshot;
use common::http::Query;
use futures::future::try_join_all;
use http::StatusCode;

use super::Shown;
use super::card::{Card, Listed};
use crate::api::ApiError;
use crate::client::Client;
use crate::frame::Frame;
use crate::render;
use crate::text::Texts;
use crate::visitor::Visitor;

/// How many of each there are on a page.
const AT_ONCE: usize = 24;

#[derive(Template)]
#[template(path = "mine.html")]
struct MinePage {
    frame: Frame,
    parts: Vec<Part>,
}

/// The tickets of one role.
struct Part {
    role: &'static str,
    title: &'static str,
    none: &'static str,
    /// `None`: they cannot be shown right now.
    cards: Option<Vec<Card>>,
    /// The address of the next page.
    more: Option<String>,
}

/// All three, or more of one.
pub(crate) async fn show(State(client): State<Client>, query: Query, visitor: Visitor) -> Shown {
    if visitor.person.is_none() {
        return Ok(visitor.sent_to_sign_in());
    }
    let frame = Frame::of(&visitor);
    let only = query.get("role").unwrap_or_default();
    let cursor = query.get("cursor").unwrap_or_default();
    let mut roles = roles(frame.t).to_vec();
    if roles.iter().any(|(role, ..)| *role == only) {
        roles.retain(|(role, ..)| *role == only);
    }
    let parts = roles.into_iter().map(|role| part(&client, &visitor, frame.t, role, cursor));
    let parts = try_join_all(parts).await?;
    Ok(render::page(StatusCode::OK, &MinePage { frame, parts }))
}

type Role = (&'static str, &'static str, &'static str);

const fn roles(t: &Texts) -> [Role; 3] {
    [
        ("holding", t.mine.holding, t.mine.none_holding),
        ("bought", t.mine.bought, t.mine.none_bought),
        ("selling", t.mine.selling, t.mine.none_selling),
    ]
}

async fn part(
    client: &Client,
    visitor: &Visitor,
    t: &'static Texts,
    (role, title, none): Role,
    cursor: &str,
) -> Result<Part, Problem> {
    let mut path = format!("/api/tickets/mine?role={role}&limit={AT_ONCE}");
    if !cursor.is_empty() {
        let cursor = serde_urlencoded::to_string([("cursor", cursor)]).unwrap_or_default();
        path = format!("{path}&{cursor}");
    }
    let asked = client.api.get(&visitor.caller, &path).await;
    let (cards, next) = match asked.and_then(|reply| reply.json::<Listed<TicketSnapshot>>()) {
        Ok(page) => {
            let cards = page.items.into_iter().map(|ticket| Card::own(t, ticket)).collect();
            (Some(cards), page.next)
        }
        Err(ApiError::Away) => (None, None),
        Err(refused) => return Err(refused.into()),
    };
    let more = next.map(|cursor| {
        let query = serde_urlencoded::to_string([("role", role), ("cursor", &cursor)]).unwrap_or_default();
        format!("/mine?{query}")
    });
    Ok(Part { role, title, none, cards, more })
}
