//! `/account/activity`: what happened to the visitor's account.

use askama::Template;
use axum::extract::State;
use common::http::Query;
use common::{Time, user_agent};
use http::StatusCode;
use serde::Deserialize;

use super::{PageResult, with_cursor};
use crate::client::Client;
use crate::datetime::TimeTag;
use crate::layout::Layout;
use crate::render;
use crate::text::Texts;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage {
    layout: Layout,
    /// `None` while auth is unavailable.
    entries: Option<Vec<Entry>>,
    /// The address of the next page.
    more: Option<String>,
}

/// An entry of the audit trail.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    at: Time,
    what: String,
    address: String,
    user_agent: Option<String>,
}

impl Entry {
    fn what(&self, t: &Texts) -> &'static str {
        t.activity(&self.what)
    }

    fn at(&self) -> TimeTag {
        self.at.into()
    }

    fn browser(&self) -> Option<String> {
        self.user_agent.as_deref().map(user_agent::display_name)
    }
}

/// `GET /account/activity`
pub(crate) async fn show(State(client): State<Client>, query: Query, visitor: Visitor) -> PageResult {
    if visitor.user.is_none() {
        return Ok(visitor.redirect_to_sign_in());
    }
    let path = with_cursor("/api/users/activity", query.get("cursor"));
    let (entries, next) = client.api.list::<Entry>(&visitor.caller, &path).await?;
    let more = next.map(|cursor| with_cursor("/account/activity", Some(&cursor)));
    Ok(render::page(StatusCode::OK, &ActivityPage { layout: Layout::of(&visitor), entries, more }))
}
