//! Closing an account: refused while one of its payments is in progress, else its open orders end.
//!
//! The account is closed for orders before its orders are read. So an order is either read here, or its ticket is confirmed
//! after the account was closed: [`Orders::is_for_closed_account`] ends such an order before it can be paid.

use bus::ConsumeError;
use common::event::{ClosingRequest, TicketStatus};
use common::{OrderId, UserId};
use store::{Range, StoreError};

use crate::Orders;
use crate::domain::{Closing, ClosingStatus, Order, Status};
use crate::metrics::Stage;
use crate::storage::{index, ticket_key};

/// The largest number of documents read at once.
const MAX_BATCH: usize = 64;

/// The orders of a buyer and those for a seller's listings.
#[derive(Default)]
struct Trade {
    /// Open orders, and those whose payment is in progress.
    live: Vec<Order>,
    /// Whether the account has listed, sold or bought something.
    is_used: bool,
}

impl Trade {
    fn add(&mut self, order: Order) {
        match order.status {
            Status::Created | Status::AwaitingPayment | Status::Paying => self.live.push(order),
            Status::Complete => self.is_used = true,
            Status::Cancelled(_) => {}
        }
    }

    fn is_paying(&self) -> bool {
        self.live.iter().any(|order| order.status == Status::Paying)
    }
}

impl Orders {
    /// Decides on a request to delete an account, or publishes the decision again.
    pub(crate) async fn on_account_closing(&self, wanted: &ClosingRequest) -> Result<(), ConsumeError> {
        let (user, now) = (wanted.user_id, self.now());
        let begin = |known: Option<&Closing>| Closing::begin(known, wanted, now);
        let Some(closing) = self.closings.apply(user, begin).await? else { return Ok(()) };
        if closing.request > wanted.request {
            return Ok(());
        }
        if closing.status == ClosingStatus::Pending {
            let status = self.close(&closing).await?;
            let request = closing.request;
            self.closings.apply_from(&closing, |known| known?.decide(request, status)).await?;
        } else {
            self.closings.apply_from(&closing, |known| known?.announced()).await?;
        }
        Ok(())
    }

    /// Ends the account's open orders, unless a payment is in progress.
    async fn close(&self, closing: &Closing) -> Result<ClosingStatus, ConsumeError> {
        let trade = self.trade_of(closing.user_id).await?;
        let is_used = trade.is_used || !trade.live.is_empty();
        if trade.is_paying() || (closing.if_unused && is_used) {
            return Ok(ClosingStatus::Refused);
        }
        for order in trade.live {
            let now = self.now();
            let mut stage = Stage::of(&order);
            let end = |order: Option<&Order>| {
                let order = order?;
                stage = Stage::of(order);
                order.close_account(now)
            };
            let Some(order) = self.store.apply_from(&order, end).await? else { continue };
            stage.ended(&order);
            if order.status == Status::Paying {
                return Ok(ClosingStatus::Refused);
            }
        }
        Ok(ClosingStatus::Accepted)
    }

    async fn trade_of(&self, user: UserId) -> Result<Trade, StoreError> {
        let (mut trade, mut cursor) = (Trade::default(), None);
        loop {
            let range = Range::of(index::BY_BUYER, [user.into()]).limit(MAX_BATCH);
            let page = self.store.page(range.after(cursor)).await?.complete()?;
            for order in page.items {
                trade.add(order);
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        loop {
            let range = Range::of(index::BY_SELLER, [user.into()]).limit(MAX_BATCH);
            let page = self.tickets.page(range.after(cursor)).await?.complete()?;
            for ticket in page.items {
                trade.is_used = true;
                if ticket.status != TicketStatus::Sold
                    && let Some(order) = self.store.get_by_unique_key(ticket_key(ticket.id)).await?
                {
                    trade.add(order);
                }
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(trade);
            }
        }
    }

    /// Whether the buyer or the seller of an order that awaits its ticket is closed for orders.
    pub(crate) async fn is_for_closed_account(
        &self,
        order: OrderId,
        seller: UserId,
    ) -> Result<bool, StoreError> {
        let order = self.store.get_recent(order).await?;
        match order.filter(|order| order.status == Status::Created) {
            Some(order) => Ok(self.is_closed(order.user_id).await? || self.is_closed(seller).await?),
            None => Ok(false),
        }
    }

    async fn is_closed(&self, user: UserId) -> Result<bool, StoreError> {
        Ok(self.closings.get(user).await?.is_some_and(|closing| closing.refuses_orders()))
    }
}
