//! Every list: newest first, a page at a time (<https://docs.stripe.com/api/pagination>).

mod created;
mod filter;
mod page;

use axum::extract::State;
use serde_json::{Value, json};

use super::{Call, Reply};
use crate::StripeSim;
use crate::error::ApiError;
use crate::id::{ItemId, Kind};
use crate::param::Params;

use created::Created;
pub(super) use filter::Filter;
use page::Walk;

const DEFAULT_LIMIT: usize = 10;
const MOST: usize = 100;

/// What every list understands.
const COMMON: &[&str] = &["created", "ending_before", "expand", "limit", "starting_after"];

/// The list of one kind of object.
pub(crate) async fn list(kind: Kind, State(sim): State<StripeSim>, call: Call) -> Result<Reply, ApiError> {
    call.secret_only()?;
    let filter = Filter::read(kind, &call.params)?;
    filter.exists(&sim).await?;
    page_of(&sim, call, kind, filter, kind.path().to_owned()).await
}

/// A page as the request's parameters bound it.
pub(super) async fn page_of(
    sim: &StripeSim,
    call: Call,
    kind: Kind,
    filter: Filter,
    url: String,
) -> Result<Reply, ApiError> {
    let call = call.expanding_each(kind.noun())?;
    let walk = Walk {
        kind,
        limit: limit(&call.params)?,
        created: Created::read(&call.params)?,
        after: cursor(sim, kind, &call.params, "starting_after").await?,
        before: cursor(sim, kind, &call.params, "ending_before").await?,
        filter,
    };
    let (found, has_more) = walk.page(sim).await?;
    let (base, now) = (&sim.0.settings.public_url, sim.0.clock.now());
    let view = |(record, place): &page::Item| {
        let mut view = record.view(kind, *place, base, now)?;
        call.expand(&record.intent, &mut view, base, now);
        Some(view)
    };
    let data: Vec<Value> = found.iter().filter_map(view).collect();
    Ok(Reply::ok(json!({ "object": "list", "data": data, "has_more": has_more, "url": url })))
}

/// The latest objects of one kind behind the one of this id, and whether there are more.
pub(super) async fn latest(
    sim: &StripeSim,
    kind: Kind,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<page::Item>, bool), ApiError> {
    let after = match after {
        Some(text) => place_of(sim, kind, text).await?,
        None => None,
    };
    let walk = Walk { kind, limit, created: Created::any(), after, before: None, filter: Filter::default() };
    Ok(walk.page(sim).await?)
}

/// How many stand on a page.
pub(super) fn limit(params: &Params) -> Result<usize, ApiError> {
    let Some(limit) = params.int("limit")? else { return Ok(DEFAULT_LIMIT) };
    usize::try_from(limit).ok().filter(|limit| (1..=MOST).contains(limit)).ok_or_else(|| {
        let message = format!("Invalid integer: the limit is from 1 to {MOST}.");
        ApiError::parameter("parameter_invalid_integer", "limit", message)
    })
}

/// Where the object lies next to which the page lies.
async fn cursor(
    sim: &StripeSim,
    kind: Kind,
    params: &Params,
    name: &str,
) -> Result<Option<page::Place>, ApiError> {
    let Some(text) = params.text(name) else { return Ok(None) };
    let found = place_of(sim, kind, text).await?.map(Some);
    found.ok_or_else(|| {
        let message = format!("No such {}: '{text}'", kind.noun());
        ApiError::parameter("resource_missing", name, message)
    })
}

/// Where the object of this id lies; `None`: there is none.
async fn place_of(sim: &StripeSim, kind: Kind, text: &str) -> Result<Option<page::Place>, ApiError> {
    let Some(id) = ItemId::parse(text).filter(|id| id.kind == kind) else { return Ok(None) };
    let Some(record) = sim.0.records.get(id.owner.0).await? else { return Ok(None) };
    let found = record.items(kind).into_iter().find(|(_, place)| *place == id.place);
    Ok(found.map(|(created, place)| (created, id.owner.0, place)))
}
