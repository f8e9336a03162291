//! Publishing: many at a time, each until the server has it on disk.

use std::sync::Arc;

use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use common::Envelope;
use metrics::counter;

use super::connect::see_to_stream;
use super::settings::Owner;
use super::{LEFT, Shared};
use crate::BusError;

/// Publishes an event once, as soon as there is a connection, under its id, by which the server recognises it if it
/// has it already.
pub(super) async fn publish(shared: &Shared, event: Arc<Envelope>) -> Result<(), BusError> {
    let published = attempt(shared, &event).await;
    if published.is_err() {
        let stream = Owner::of(event.subject()).name();
        counter!("bus_publish_failures_total", "stream" => stream).increment(1);
    }
    published
}

async fn attempt(shared: &Shared, event: &Envelope) -> Result<(), BusError> {
    let payload = serde_json::to_vec(event).map_err(|error| BusError(error.to_string()))?;
    let id = uuid::Uuid::from(event.id).to_string();
    let message = PublishMessage::build().message_id(id).payload(payload.into());
    let standing = shared.stop.run_until_cancelled(shared.connected()).await;
    let Some(mut standing) = standing.filter(|_| !shared.stop.is_cancelled()) else {
        return Err(BusError(LEFT.to_owned()));
    };
    let send = shared.context.send_publish(shared.settings.subject(event.subject()), message);
    tokio::select! {
        biased;
        acknowledged = async { send.await?.await } => match acknowledged {
            Ok(_) => Ok(()),
            Err(error) => Err(failed(shared, Owner::of(event.subject()), &error).await),
        },
        // The acknowledgement would go to nobody.
        () = standing.lost() => Err(BusError("the connection to NATS was lost meanwhile".to_owned())),
    }
}

/// What is to be said of a failure. If the stream is not there any more, it is created for the next try.
async fn failed(shared: &Shared, owner: Owner, error: &PublishError) -> BusError {
    if error.kind() == PublishErrorKind::StreamNotFound
        && let Err(error) = see_to_stream(&shared.context, &shared.settings, owner).await
    {
        return BusError(format!("its stream is not there and cannot be created: {error}"));
    }
    BusError(error.to_string())
}
