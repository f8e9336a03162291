//! The search of the public list: criteria, and the pages that match.

mod sort;
mod words;

pub(crate) use sort::Sort;
pub(crate) use words::Words;

use common::event::TicketStatus;
use common::{Currency, Money};
use store::{Collection, Page, StoreError};

use crate::domain::{Ticket, Venue};

/// The number of tickets that one request scans. Words, and prices in another order than by price, are not indexed:
/// comparing a ticket takes some microseconds. If fewer than a page of so many match, the page is short, and its cursor
/// continues behind them.
const MAX_SCANNED: usize = 5_000;

/// The criteria of a search: equal ones find the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Criteria {
    pub(crate) status: TicketStatus,
    pub(crate) sort: Sort,
    pub(crate) words: Words,
    pub(crate) prices: Option<Prices>,
}

/// Prices in one currency, between inclusive bounds in its minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Prices {
    pub(crate) currency: Currency,
    pub(crate) least: i64,
    pub(crate) most: i64,
}

impl Criteria {
    /// The name of the list in its cursors: everything that decides which ticket comes where.
    pub(crate) fn list_name(&self) -> String {
        let Self { status, sort, words, prices } = self;
        format!("tickets/{status:?}/{sort:?}/{prices:?}/{words}")
    }

    /// A page of the tickets that match, behind the cursor `after`.
    pub(crate) async fn find(
        &self,
        tickets: &Collection<Ticket>,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Page<Ticket>, StoreError> {
        let range = self.range().after(after).limit(limit);
        if self.match_all() {
            return tickets.page(range).await;
        }
        tickets.search(range, MAX_SCANNED, |ticket| self.matches(ticket)).await
    }

    /// Whether every ticket of the status matches.
    fn match_all(&self) -> bool {
        self.words.is_empty() && self.prices.is_none()
    }

    /// Whether a ticket of the status matches.
    fn matches(&self, ticket: &Ticket) -> bool {
        let offer = &ticket.offer;
        let venue = offer.venue.as_ref().map_or("", Venue::as_str);
        self.prices.is_none_or(|prices| prices.contain(offer.price.money()))
            && self.words.match_texts([offer.title.as_str(), venue])
    }
}

impl Prices {
    fn contain(self, price: Money) -> bool {
        price.currency == self.currency && (self.least..=self.most).contains(&price.amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::offer;

    #[tokio::test]
    async fn a_search_that_finds_little_scans_a_bounded_number_and_continues() {
        let (_, context) = runtime::testing::context();
        let feed = crate::feed::Feed::new(context.bus.as_ref()).0;
        let tickets = crate::Tickets::new(&context, feed);
        for number in 0..=MAX_SCANNED {
            let title = if number == 0 { "needle" } else { "hay" };
            let (id, seller) = (context.ids.next(), context.ids.next());
            tickets.list(id, seller, offer(title)).await.expect("listed");
        }
        let words = Words::parse("needle").expect("a word");
        let criteria =
            Criteria { status: TicketStatus::Available, sort: Sort::PriceAscending, words, prices: None };
        let (mut lengths, mut cursor) = (Vec::new(), None);
        loop {
            let page = criteria.find(&tickets.store, cursor, 20).await.expect("the database");
            lengths.push(page.items.len());
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert!(lengths.len() == 2 && lengths.iter().sum::<usize>() == 1, "{lengths:?}");
    }
}
