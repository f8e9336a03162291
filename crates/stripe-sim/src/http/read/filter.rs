//! The filters of a list.

use common::{Currency, Time};

use crate::error::ApiError;
use crate::id::{IntentId, ItemId, Kind};
use crate::param::{Params, currency};
use crate::record::Record;
use crate::sim::StripeSim;

/// The parameters of every list.
const LIST_PARAMS: &[&str] = &["created", "ending_before", "expand", "limit", "starting_after"];

/// The conditions for an object of the list.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Belongs to this payment; with the parameter that named it.
    pub(super) owner: Option<(&'static str, ItemId)>,
    /// Belongs to this charge.
    charge: Option<u32>,
    /// The source of a balance transaction.
    source: Option<(Kind, u32)>,
    /// One of these types.
    types: Vec<String>,
    currency: Option<Currency>,
    /// Delivered to all its endpoints, or not.
    delivered: Option<bool>,
}

/// The further parameters of each list.
const fn params_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::PaymentIntent => &[],
        Kind::Charge => &["payment_intent"],
        Kind::Refund | Kind::Dispute => &["charge", "payment_intent"],
        Kind::Transaction => &["currency", "source", "type"],
        Kind::Event => &["delivery_success", "type", "types"],
    }
}

impl Filter {
    /// Checks the parameters.
    pub(super) fn read(kind: Kind, params: &Params) -> Result<Self, ApiError> {
        params.reject_unknown(&[LIST_PARAMS, params_of(kind)].concat())?;
        let mut filter = Self::default();
        for (name, of) in [("charge", Kind::Charge), ("payment_intent", Kind::PaymentIntent)] {
            if let Some(id) = params.text(name) {
                let id = ItemId::in_parameter(of, name, id)?;
                filter.charge = filter.charge.or((of == Kind::Charge).then_some(id.position));
                filter.owner = Some((name, id));
            }
        }
        if let Some(id) = params.text("source") {
            let known = ItemId::parse(id).filter(|id| id.kind != Kind::Event);
            let id = known.ok_or_else(|| ApiError::no_such("source", "source", id))?;
            filter.owner = Some(("source", id));
            filter.source = Some((id.kind, id.position));
        }
        filter.types =
            params.text("type").into_iter().chain(params.list("types")).map(str::to_owned).collect();
        if params.text("type").is_some() && !params.list("types").is_empty() {
            let message = "You may pass only one of these parameters: type, types.";
            return Err(ApiError::invalid(message).about_parameter("type"));
        }
        filter.currency = params.text("currency").map(currency).transpose()?;
        filter.delivered = params.flag("delivery_success")?;
        Ok(filter)
    }

    /// The refunds of one charge.
    pub(crate) fn of_charge(charge: ItemId) -> Self {
        Self { owner: Some(("id", charge)), charge: Some(charge.position), ..Self::default() }
    }

    pub(super) fn owner(&self) -> Option<IntentId> {
        self.owner.map(|(_, id)| id.owner)
    }

    /// Rejects a filter by an object that does not exist.
    pub(super) async fn check_owner(&self, sim: &StripeSim) -> Result<(), ApiError> {
        let Some((param, id)) = self.owner else { return Ok(()) };
        let record = sim.0.records.get(id.owner.0).await?;
        let exists = record
            .is_some_and(|record| record.items(id.kind).iter().any(|(_, position)| *position == id.position));
        if exists { Ok(()) } else { Err(ApiError::no_such(id.kind.noun(), param, &id.to_string())) }
    }

    /// Whether the list contains the object at this position.
    pub(super) fn matches(&self, record: &Record, kind: Kind, position: u32) -> bool {
        let (intent, at) = (&record.intent, position as usize);
        match kind {
            Kind::PaymentIntent | Kind::Charge => true,
            Kind::Refund => {
                let charge = intent.refunds.get(at).map(|refund| refund.charge);
                self.charge.is_none() || self.charge == charge
            }
            Kind::Dispute => {
                let charge = intent.disputes.get(at).map(|dispute| dispute.charge);
                self.charge.is_none() || self.charge == charge
            }
            Kind::Transaction => intent.transactions.get(at).is_some_and(|one| {
                self.source.is_none_or(|source| source == one.reason.source())
                    && self.currency.is_none_or(|currency| currency == intent.currency)
                    && self.has_type(one.reason.kind())
            }),
            Kind::Event => record.event(position).is_some_and(|event| {
                self.has_type(event.kind.as_str())
                    && self.delivered.is_none_or(|delivered| delivered == (event.pending() == 0))
            }),
        }
    }

    /// `charge.*` matches every type with that beginning.
    fn has_type(&self, kind: &str) -> bool {
        let named = |requested: &String| match requested.strip_suffix('*') {
            Some(beginning) => kind.starts_with(beginning),
            None => requested == kind,
        };
        self.types.is_empty() || self.types.iter().any(named)
    }
}

/// The `created` filters in whole seconds as times, both inclusive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Created {
    pub(super) from: Time,
    pub(super) until: Time,
}

impl Created {
    /// All times.
    pub(super) fn any() -> Self {
        Self { from: Time::from_millis(i64::MIN), until: Time::from_millis(i64::MAX) }
    }

    pub(super) fn read(params: &Params) -> Result<Self, ApiError> {
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
}
