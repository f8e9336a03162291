//! `POST /v1/payment_intents`

use axum::extract::State;
use uuid::Uuid;

use super::confirm::attempt;
use crate::StripeSim;
use crate::card::PaymentMethodChoice;
use crate::error::ApiError;
use crate::http::{Call, Reply};
use crate::id::Kind;
use crate::intent::{IntentId, NewIntent};
use crate::webhook::hex;

/// Creates a `PaymentIntent`, and confirms it if that is asked for.
pub(crate) async fn create(State(sim): State<StripeSim>, call: Call) -> Result<Reply, ApiError> {
    call.secret_only()?;
    let wanted = NewIntent::read(&call.params)?;
    let (ids, now) = (&sim.0.ids, sim.0.clock.now());
    let method = PaymentMethodChoice { params: &call.params, now, ids }.read()?;
    if wanted.confirm && method.is_none() {
        call.params.required("payment_method")?;
    }
    let id = IntentId(ids.next::<Uuid>());
    let secret = hex(&ids.bytes::<16>());
    let attempt = attempt(&call, method.clone())?;
    let call = call.expanding(Kind::PaymentIntent.noun())?;
    sim.perform(&call, id, |_| {
        let created = wanted.clone().create(id, &secret, method.clone(), now);
        if !wanted.confirm {
            return Ok(created);
        }
        let confirmed = created.next.confirm(attempt.clone(), sim.terms());
        let mut confirmed = confirmed.map_err(|refusal| sim.refused(&call, &created.next, refusal))?;
        confirmed.events.splice(0..0, created.events);
        Ok(confirmed)
    })
    .await
}
