//! The part of Mailpit's API that tests need.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::view::{List, Message};
use crate::{Email, MailSim};

/// The size of a page without `limit`: Mailpit's.
const PAGE_SIZE: usize = 50;

/// The query of a list.
#[derive(Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    query: String,
    #[serde(default)]
    start: usize,
    limit: Option<usize>,
}

/// `GET /api/v1/messages`: all emails, newest first.
pub(super) async fn list(State(sim): State<MailSim>, Query(page): Query<ListQuery>) -> Json<List> {
    found(&sim, &ListQuery { query: String::new(), ..page })
}

/// `GET /api/v1/search`: the emails that match, newest first.
pub(super) async fn search(State(sim): State<MailSim>, Query(page): Query<ListQuery>) -> Json<List> {
    found(&sim, &page)
}

fn found(sim: &MailSim, ListQuery { query, start, limit }: &ListQuery) -> Json<List> {
    sim.with_mailbox(|mailbox| {
        let matching = mailbox.search(query);
        Json(List::new(mailbox.len(), &matching, *start, limit.unwrap_or(PAGE_SIZE)))
    })
}

/// The emails to delete.
#[derive(Default, Deserialize)]
struct Deletion {
    #[serde(default, rename = "IDs", alias = "ids")]
    ids: Vec<String>,
}

/// `DELETE /api/v1/messages`: deletes the emails that the body names, without a body all.
pub(super) async fn delete(State(sim): State<MailSim>, body: Bytes) -> Response {
    let named = if body.is_empty() { Ok(Deletion::default()) } else { serde_json::from_slice(&body) };
    let Ok(Deletion { ids }) = named else {
        return (StatusCode::BAD_REQUEST, "invalid JSON").into_response();
    };
    sim.with_mailbox(|mailbox| mailbox.remove(&ids));
    "ok".into_response()
}

/// `GET /api/v1/message/{ID}`
pub(super) async fn show(State(sim): State<MailSim>, Path(id): Path<String>) -> Response {
    get(&sim, &id).map_or_else(not_found, |email| Json(Message::of(&email)).into_response())
}

/// `GET /api/v1/message/{ID}/raw`: the bytes as received.
pub(super) async fn raw(State(sim): State<MailSim>, Path(id): Path<String>) -> Response {
    let reply = |email: Arc<Email>| {
        ([(CONTENT_TYPE, "text/plain; charset=utf-8")], email.raw.clone()).into_response()
    };
    get(&sim, &id).map_or_else(not_found, reply)
}

/// `GET /api/v1/message/{ID}/part/{PartID}`: an attachment.
pub(super) async fn part(State(sim): State<MailSim>, Path((id, part)): Path<(String, String)>) -> Response {
    let Some(email) = get(&sim, &id) else { return not_found() };
    let Some(file) = email.attachments.iter().find(|file| file.part == part) else { return not_found() };
    ([(CONTENT_TYPE, file.media_type.clone())], file.bytes.clone()).into_response()
}

pub(super) fn get(sim: &MailSim, id: &str) -> Option<Arc<Email>> {
    sim.with_mailbox(|mailbox| mailbox.get(id).cloned())
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "message not found").into_response()
}
