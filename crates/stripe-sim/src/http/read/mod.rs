//! Reading: one object, the balance, and every list, newest first in pages (<https://docs.stripe.com/api/pagination>).

mod filter;
mod page;

use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::{Call, Reply};
use crate::error::ApiError;
use crate::id::{ItemId, Kind};
use crate::param::Params;
use crate::sim::StripeSim;

use filter::Created;
pub(super) use filter::Filter;
use page::{Item, PageQuery, Position};

/// Stripe's page sizes.
const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 100;

/// `GET` of any object but a `PaymentIntent`, which browsers may see, too.
pub(crate) async fn retrieve(
    kind: Kind,
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    call.params.reject_unknown(&["expand"])?;
    let call = call.with_expansion(kind.noun())?;
    let id = ItemId::in_path(kind, &text)?;
    let missing = || ItemId::missing(kind, &text);
    let record = sim.0.records.get(id.owner.0).await?.ok_or_else(missing)?;
    let (base, now) = (&sim.0.settings.public_url, sim.0.clock.now());
    let mut view = record.view(kind, id.position, base, now).ok_or_else(missing)?;
    call.expand(&record.intent, &mut view, base, now);
    Ok(Reply::ok(view))
}

/// `GET /v1/balance`
pub(crate) async fn balance(State(sim): State<StripeSim>, call: Call) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    call.params.reject_unknown(&["expand"])?;
    call.with_expansion("balance")?;
    Ok(Reply::ok(sim.balance().await?.view()))
}

/// `GET` of the objects of one kind.
pub(crate) async fn list(kind: Kind, State(sim): State<StripeSim>, call: Call) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    let filter = Filter::read(kind, &call.params)?;
    filter.check_owner(&sim).await?;
    page_of(&sim, call, kind, filter, kind.path().to_owned()).await
}

/// The page that the request's parameters select.
pub(super) async fn page_of(
    sim: &StripeSim,
    call: Call,
    kind: Kind,
    filter: Filter,
    url: String,
) -> Result<Reply, ApiError> {
    let call = call.with_list_expansion(kind.noun())?;
    let query = PageQuery {
        kind,
        limit: limit(&call.params)?,
        created: Created::read(&call.params)?,
        after: cursor(sim, kind, &call.params, "starting_after").await?,
        before: cursor(sim, kind, &call.params, "ending_before").await?,
        filter,
    };
    let (found, has_more) = query.page(sim).await?;
    let (base, now) = (&sim.0.settings.public_url, sim.0.clock.now());
    let view = |(record, position): &Item| {
        let mut view = record.view(kind, *position, base, now)?;
        call.expand(&record.intent, &mut view, base, now);
        Some(view)
    };
    let data: Vec<Value> = found.iter().filter_map(view).collect();
    Ok(Reply::ok(json!({ "object": "list", "data": data, "has_more": has_more, "url": url })))
}

/// The latest objects of one kind after that of this id, and whether more follow.
pub(super) async fn latest(
    sim: &StripeSim,
    kind: Kind,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<Item>, bool), ApiError> {
    let after = match after {
        Some(text) => position_of(sim, kind, text).await?,
        None => None,
    };
    let query =
        PageQuery { kind, limit, created: Created::any(), after, before: None, filter: Filter::default() };
    Ok(query.page(sim).await?)
}

/// The page size.
pub(super) fn limit(params: &Params) -> Result<usize, ApiError> {
    let Some(limit) = params.int("limit")? else { return Ok(DEFAULT_LIMIT) };
    usize::try_from(limit).ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(|| {
        let message = format!("Invalid integer: the limit is from 1 to {MAX_LIMIT}.");
        ApiError::parameter("parameter_invalid_integer", "limit", message)
    })
}

/// The position of a cursor's object.
async fn cursor(
    sim: &StripeSim,
    kind: Kind,
    params: &Params,
    name: &str,
) -> Result<Option<Position>, ApiError> {
    let Some(text) = params.text(name) else { return Ok(None) };
    let found = position_of(sim, kind, text).await?.map(Some);
    found.ok_or_else(|| {
        let message = format!("No such {}: '{text}'", kind.noun());
        ApiError::parameter("resource_missing", name, message)
    })
}

/// The position of the object of this id, if there is one.
async fn position_of(sim: &StripeSim, kind: Kind, text: &str) -> Result<Option<Position>, ApiError> {
    let Some(id) = ItemId::parse(text).filter(|id| id.kind == kind) else { return Ok(None) };
    let Some(record) = sim.0.records.get(id.owner.0).await? else { return Ok(None) };
    let found = record.items(kind).into_iter().find(|(_, position)| *position == id.position);
    Ok(found.map(|(created, position)| (created, id.owner.0, position)))
}
