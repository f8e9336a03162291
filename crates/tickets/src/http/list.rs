//! `GET /api/tickets`: what is on sale.

use axum::extract::State;
use common::event::TicketStatus;
use common::http::{Listing, PageQuery, ProblemBody, Query};
use common::{FieldError, Problem};

use super::page_cache::CachedPage;
use super::view::TicketView;
use crate::documents::newest;
use crate::tickets::Tickets;

/// Which page is wanted, with everything that decides what stands on it: equal ones get equal bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Wanted {
    pub(super) status: TicketStatus,
    pub(super) limit: usize,
    pub(super) after: Option<Vec<u8>>,
}

impl Wanted {
    fn parse(query: &Query, page: &PageQuery) -> Result<Self, Problem> {
        let status = match query.get("status") {
            None | Some("available") => TicketStatus::Available,
            Some("reserved") => TicketStatus::Reserved,
            Some(_) => {
                let fault = FieldError::new("status", "must be one of available, reserved");
                return Err(Problem::not_valid(vec![fault]));
            }
        };
        let after = page.after(list_name(status))?;
        Ok(Self { status, limit: page.limit, after })
    }
}

/// Names the list in its cursors.
const fn list_name(status: TicketStatus) -> &'static str {
    match status {
        TicketStatus::Reserved => "tickets/reserved/newest",
        _ => "tickets/available/newest",
    }
}

/// The tickets on sale, newest first.
#[utoipa::path(
    get,
    path = "/api/tickets",
    tag = "tickets",
    params(
        ("status" = Option<String>, Query, description = "`available` (default) or `reserved`"),
        ("limit" = Option<usize>, Query, description = "1 to 100; 20 if absent"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = Listing<TicketView>,
            headers(("ETag" = String, description = "Names exactly these bytes"))),
        (status = 304, description = "It is as `If-None-Match` says"),
        (status = 400, description = "`not-valid`, `bad-cursor`", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    State(tickets): State<Tickets>,
    query: Query,
    page: PageQuery,
) -> Result<CachedPage, Problem> {
    let wanted = Wanted::parse(&query, &page)?;
    // The revision is read before the page. A change in between makes the page newer than the revision under which it
    // is kept, which at worst wastes it; the other way round, an old page would be kept as a new one.
    let revision = tickets.collection.revision();
    if let Some(page) = tickets.pages.get(revision, &wanted) {
        return Ok(page);
    }
    let page = read(&tickets, &wanted).await?;
    tickets.pages.put(revision, wanted, &page);
    Ok(page)
}

async fn read(tickets: &Tickets, wanted: &Wanted) -> Result<CachedPage, Problem> {
    let range = newest(wanted.status).after(wanted.after.clone()).limit(wanted.limit);
    let found = tickets.collection.page(range).await?;
    let items = found.items.iter().map(TicketView::from).collect();
    CachedPage::of(&Listing::new(list_name(wanted.status), items, found.next))
}
