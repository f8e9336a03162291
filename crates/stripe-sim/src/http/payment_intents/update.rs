//! `POST /v1/payment_intents/{id}`

use axum::extract::{Path, State};

use super::missing;
use crate::StripeSim;
use crate::card::PaymentMethodChoice;
use crate::error::ApiError;
use crate::http::{Call, Reply};
use crate::id::Kind;
use crate::intent::{IntentId, IntentUpdate};

/// Changes texts and metadata, and what is to be paid while nothing is reserved.
pub(crate) async fn update(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.secret_only()?;
    let id = IntentId::in_path(&text)?;
    let choice = PaymentMethodChoice { params: &call.params, now: sim.0.clock.now(), ids: &sim.0.ids };
    let wanted = IntentUpdate::read(&call.params, choice.read()?)?;
    let call = call.expanding(Kind::PaymentIntent.noun())?;
    sim.perform(&call, id, |intent| {
        let intent = intent.ok_or_else(|| missing(id))?;
        intent.update(wanted.clone())?.map_err(|refusal| sim.refused(&call, intent, refusal))
    })
    .await
}
