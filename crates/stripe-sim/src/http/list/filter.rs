//! Which objects a list shows.

use common::Currency;

use super::COMMON;
use crate::StripeSim;
use crate::error::ApiError;
use crate::id::{ItemId, Kind};
use crate::intent::IntentId;
use crate::param::Params;
use crate::record::Record;

/// What an object must be to stand in the list.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Of this payment; with the parameter that says so.
    pub(super) owner: Option<(&'static str, ItemId)>,
    /// Of this charge.
    charge: Option<u32>,
    /// Caused by, as a movement of the balance.
    source: Option<(Kind, u32)>,
    /// One of these types.
    types: Vec<String>,
    currency: Option<Currency>,
    /// Delivered everywhere, or not.
    delivered: Option<bool>,
}

/// What each list understands besides.
const fn known(kind: Kind) -> &'static [&'static str] {
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
        params.only(&[COMMON, known(kind)].concat())?;
        let mut filter = Self::default();
        for (name, of) in [("charge", Kind::Charge), ("payment_intent", Kind::PaymentIntent)] {
            if let Some(id) = params.text(name) {
                let id = ItemId::in_parameter(of, name, id)?;
                filter.charge = filter.charge.or((of == Kind::Charge).then_some(id.place));
                filter.owner = Some((name, id));
            }
        }
        if let Some(id) = params.text("source") {
            let known = ItemId::parse(id).filter(|id| id.kind != Kind::Event);
            let id = known.ok_or_else(|| ApiError::no_such("source", "source", id))?;
            filter.owner = Some(("source", id));
            filter.source = Some((id.kind, id.place));
        }
        filter.types =
            params.text("type").into_iter().chain(params.list("types")).map(str::to_owned).collect();
        if params.text("type").is_some() && !params.list("types").is_empty() {
            let message = "You may pass only one of these parameters: type, types.";
            return Err(ApiError::invalid(message).about_parameter("type"));
        }
        filter.currency = params.text("currency").map(crate::intent::currency).transpose()?;
        filter.delivered = params.flag("delivery_success")?;
        Ok(filter)
    }

    /// The refunds of one charge.
    pub(crate) fn of_charge(charge: ItemId) -> Self {
        Self { owner: Some(("id", charge)), charge: Some(charge.place), ..Self::default() }
    }

    pub(super) fn owner(&self) -> Option<IntentId> {
        self.owner.map(|(_, id)| id.owner)
    }

    /// Refuses a filter by something that does not exist.
    pub(super) async fn exists(&self, sim: &StripeSim) -> Result<(), ApiError> {
        let Some((param, id)) = self.owner else { return Ok(()) };
        let record = sim.0.records.get(id.owner.0).await?;
        let exists =
            record.is_some_and(|record| record.items(id.kind).iter().any(|(_, place)| *place == id.place));
        if exists { Ok(()) } else { Err(ApiError::no_such(id.kind.noun(), param, &id.to_string())) }
    }

    /// Whether the object at this place is shown.
    pub(super) fn fits(&self, record: &Record, kind: Kind, place: u32) -> bool {
        let (intent, at) = (&record.intent, place as usize);
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
            Kind::Event => record.event(place).is_some_and(|event| {
                self.has_type(event.kind.as_str())
                    && self.delivered.is_none_or(|delivered| delivered == (event.pending() == 0))
            }),
        }
    }

    /// `charge.*` stands for all that begin so.
    fn has_type(&self, kind: &str) -> bool {
        let named = |wanted: &String| match wanted.strip_suffix('*') {
            Some(beginning) => kind.starts_with(beginning),
            None => wanted == kind,
        };
        self.types.is_empty() || self.types.iter().any(named)
    }
}
