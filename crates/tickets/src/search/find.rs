//! Reads a page of what is looked for.

use store::{Collection, Page, StoreError};

use super::Criteria;
use crate::domain::Ticket;

/// How many tickets one request looks at. Words, and prices in another order than by price, are not in the index: they
/// are compared ticket by ticket, some microseconds each. Where fewer than a page of so many fit, the page is short, and
/// its cursor leads on behind them.
pub(crate) const MOST_LOOKED_AT: usize = 5_000;

/// A page of what is looked for, behind the place `after`.
pub(crate) async fn find(
    tickets: &Collection<Ticket>,
    criteria: &Criteria,
    after: Option<Vec<u8>>,
    limit: usize,
) -> Result<Page<Ticket>, StoreError> {
    let range = criteria.range().after(after).limit(limit);
    if criteria.takes_all() {
        return tickets.page(range).await;
    }
    tickets.search(range, MOST_LOOKED_AT, |ticket| criteria.takes(ticket)).await
}
