//! `GET /mine`: the tickets that the user sells, is buying and has bought.

use askama::Template;
use axum::extract::State;
use common::Problem;
use common::http::Query;
use futures::future::try_join_all;
use http::StatusCode;

use super::PageResult;
use super::ticket_card::TicketCard;
use crate::client::Client;
use crate::layout::Layout;
use crate::render;
use crate::text::Texts;
use crate::visitor::Visitor;

/// Tickets of each role on a page, as on the home page.
const PAGE_SIZE: usize = 24;

#[derive(Template)]
#[template(path = "mine.html")]
struct MinePage {
    layout: Layout,
    sections: Vec<Section>,
}

/// The tickets of one role.
struct Section {
    role: &'static str,
    title: &'static str,
    none: &'static str,
    /// `None` while tickets is unavailable.
    cards: Option<Vec<TicketCard>>,
    /// The address of the next page.
    more: Option<String>,
}

/// Shows all three roles, or the next page of one.
pub(crate) async fn show(State(client): State<Client>, query: Query, visitor: Visitor) -> PageResult {
    if visitor.user.is_none() {
        return Ok(visitor.redirect_to_sign_in());
    }
    let layout = Layout::of(&visitor);
    let only = query.get("role").unwrap_or_default();
    let cursor = query.get("cursor").unwrap_or_default();
    let mut roles = roles(layout.t).to_vec();
    if roles.iter().any(|(role, ..)| *role == only) {
        roles.retain(|(role, ..)| *role == only);
    }
    let sections = roles.into_iter().map(|role| section(&client, &visitor, layout.t, role, cursor));
    let sections = try_join_all(sections).await?;
    Ok(render::page(StatusCode::OK, &MinePage { layout, sections }))
}

/// Its API name, its heading, and the text of its empty list.
type Role = (&'static str, &'static str, &'static str);

const fn roles(t: &Texts) -> [Role; 3] {
    [
        ("holding", t.mine.holding, t.mine.none_holding),
        ("bought", t.mine.bought, t.mine.none_bought),
        ("selling", t.mine.selling, t.mine.none_selling),
    ]
}

async fn section(
    client: &Client,
    visitor: &Visitor,
    t: &'static Texts,
    (role, title, none): Role,
    cursor: &str,
) -> Result<Section, Problem> {
    let mut path = format!("/api/tickets/mine?role={role}&limit={PAGE_SIZE}");
    if !cursor.is_empty() {
        let cursor = serde_urlencoded::to_string([("cursor", cursor)]).unwrap_or_default();
        path = format!("{path}&{cursor}");
    }
    let (tickets, next) = client.api.list(&visitor.caller, &path).await?;
    let cards = tickets.map(|all| all.into_iter().map(|ticket| TicketCard::own(t, ticket)).collect());
    let more = next.map(|cursor| {
        let query = serde_urlencoded::to_string([("role", role), ("cursor", &cursor)]).unwrap_or_default();
        format!("/mine?{query}")
    });
    Ok(Section { role, title, none, cards, more })
}
