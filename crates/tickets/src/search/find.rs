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

#[cfg(test)]
mod tests {
    use common::event::TicketStatus;
    use common::{Currency, Money};

    use super::*;
    use crate::domain::{Offer, Price, Title};
    use crate::search::{Order, Words};

    #[tokio::test]
    async fn a_search_that_finds_little_looks_at_a_bounded_number_and_leads_on() {
        let (_, context) = runtime::testing::context();
        let price = Price::parse(Money { amount: 2_500, currency: Currency::Usd }).expect("a price");
        let offer = |title| {
            let title = Title::parse(title).expect("a title");
            Offer { title, venue: None, starts_at: None, description: None, price }
        };
        for number in 0..=MOST_LOOKED_AT {
            let title = if number == 0 { "needle" } else { "hay" };
            crate::list_for(&context, context.ids.next(), offer(title)).await.expect("listed");
        }
        let words = Words::parse("needle").expect("a word");
        let criteria =
            Criteria { status: TicketStatus::Available, order: Order::PriceAscending, words, prices: None };
        let (mut lengths, mut place) = (Vec::new(), None);
        loop {
            let page = find(&context.store.collection(), &criteria, place, 20).await.expect("the database");
            lengths.push(page.items.len());
            place = page.next;
            if place.is_none() {
                break;
            }
        }
        assert!(lengths.len() == 2 && lengths.iter().sum::<usize>() == 1, "{lengths:?}");
    }
}
