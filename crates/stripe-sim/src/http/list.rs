//! `GET /v1/payment_intents`

use axum::extract::State;
use common::Time;
use serde_json::{Value, json};
use store::{Part, Range};

use super::{Call, Reply};
use crate::StripeSim;
use crate::error::ApiError;
use crate::intent::{IntentId, PaymentIntent};
use crate::param::Params;
use crate::record::Record;

const KNOWN: &[&str] = &["created", "ending_before", "expand", "limit", "starting_after"];
const DEFAULT_LIMIT: usize = 10;
const MOST: usize = 100;

/// Newest first, a page at a time.
pub(crate) async fn list(State(sim): State<StripeSim>, call: Call) -> Result<Reply, ApiError> {
    call.secret_only()?;
    call.params.only(KNOWN)?;
    let limit = limit(&call.params)?;
    let created = Created::read(&call.params)?;
    let after = cursor(&sim, &call.params, "starting_after").await?;
    let before = cursor(&sim, &call.params, "ending_before").await?;
    let backwards = before.is_some() && after.is_none();

    let mut range = created.range();
    if let Some(after) = after.as_ref().filter(|intent| intent.created <= created.until) {
        range = range.at_most([after.created.into(), Part::Id(after.id.0)]);
    }
    if let Some(before) = before.as_ref().filter(|intent| intent.created >= created.from) {
        range = range.at_least([before.created.into(), Part::Id(before.id.0)]);
    }
    let range = if backwards { range } else { range.descending() };
    // Two more than wanted: the cursors themselves are in the range, and one tells whether more follows.
    let mut found: Vec<PaymentIntent> = sim
        .0
        .records
        .page(range.limit(limit + 3))
        .await?
        .items
        .into_iter()
        .map(|record| record.intent)
        .collect();
    let cursors = [after.map(|intent| intent.id), before.map(|intent| intent.id)];
    found.retain(|intent| !cursors.contains(&Some(intent.id)));
    let has_more = found.len() > limit;
    found.truncate(limit);
    if backwards {
        found.reverse();
    }
    let data: Vec<Value> = found.iter().map(|intent| sim.view(&call, intent)).collect();
    Ok(Reply::ok(
        json!({ "object": "list", "data": data, "has_more": has_more, "url": "/v1/payment_intents" }),
    ))
}

/// How many stand on a page.
pub(super) fn limit(params: &Params) -> Result<usize, ApiError> {
    let Some(limit) = params.int("limit")? else { return Ok(DEFAULT_LIMIT) };
    usize::try_from(limit).ok().filter(|limit| (1..=MOST).contains(limit)).ok_or_else(|| {
        let message = format!("Invalid integer: the limit is from 1 to {MOST}.");
        ApiError::parameter("parameter_invalid_integer", "limit", message)
    })
}

/// The `PaymentIntent` next to which the page lies.
async fn cursor(sim: &StripeSim, params: &Params, name: &str) -> Result<Option<PaymentIntent>, ApiError> {
    let Some(id) = params.text(name) else { return Ok(None) };
    let record = match IntentId::parse(id) {
        Some(id) => sim.0.records.get(id.0).await?,
        None => None,
    };
    let missing = || ApiError::parameter("resource_missing", name, format!("No such payment_intent: '{id}'"));
    record.map(|record| Some(record.intent)).ok_or_else(missing)
}

/// The `created` filters, which count whole seconds, as moments (both inclusive).
struct Created {
    from: Time,
    until: Time,
}

impl Created {
    fn read(params: &Params) -> Result<Self, ApiError> {
        let begins = |second: i64| second.saturating_mul(1000);
        let (mut from, mut until) = (i64::MIN, i64::MAX);
        if let Some(exactly) = params.int("created")? {
            (from, until) = (begins(exactly), begins(exactly.saturating_add(1)) - 1);
        }
        if let Some(least) = params.int("created[gte]")? {
            from = from.max(begins(least));
        }
        if let Some(above) = params.int("created[gt]")? {
            from = from.max(begins(above.saturating_add(1)));
        }
        if let Some(most) = params.int("created[lte]")? {
            until = until.min(begins(most.saturating_add(1)).saturating_sub(1));
        }
        if let Some(below) = params.int("created[lt]")? {
            until = until.min(begins(below).saturating_sub(1));
        }
        Ok(Self { from: Time::from_millis(from), until: Time::from_millis(until) })
    }

    fn range(&self) -> Range {
        Range::of(Record::CREATED, []).at_least([self.from.into()]).at_most([self.until.into()])
    }
}
