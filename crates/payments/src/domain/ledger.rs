//! The books of one payment: double entry, append-only. The ledger is the union of the books of all payments.
//!
//! A positive amount is the marketplace's (or was spent), a negative one is a debt. **Invariant:** the balances follow from
//! the payment's state alone, and each commit that changes the state appends the difference. So the books agree with
//! the state, and every entry adds up to zero because every state does.

use std::collections::BTreeMap;
use std::fmt;

use common::event::{DisputeStatus, PaymentStatus};
use common::{Time, UserId};
use serde::{Deserialize, Serialize};

use super::Payment;

/// The place of money, or its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Account {
    /// Held by Stripe for the marketplace.
    Stripe,
    /// Kept by Stripe as fees.
    Fees,
    /// Withdrawn by disputes that are not decided yet.
    Disputes,
    /// Earned by the seller; `None` for an order of before orders named their sellers.
    Seller(Option<UserId>),
    /// Captured from the buyer without a sale, to be refunded.
    Buyer(UserId),
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stripe => f.write_str("stripe"),
            Self::Fees => f.write_str("fees"),
            Self::Disputes => f.write_str("disputes"),
            Self::Seller(Some(seller)) => write!(f, "seller:{seller}"),
            Self::Seller(None) => f.write_str("seller:unknown"),
            Self::Buyer(buyer) => write!(f, "buyer:{buyer}"),
        }
    }
}

/// One side of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// Minor units of the payment's currency; never 0.
    pub amount: i64,
}

/// The money that one change of a payment moved. The postings add up to zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The time of the commit.
    pub at: Time,
    /// The version of the payment that the commit made.
    pub version: u64,
    /// The payment's status from then on.
    pub status: PaymentStatus,
    /// At least two.
    pub postings: Vec<Posting>,
}

impl Payment {
    /// The balance of each account, by the books.
    pub fn balances(&self) -> BTreeMap<Account, i64> {
        let mut balances = BTreeMap::new();
        for posting in self.ledger.iter().flat_map(|entry| &entry.postings) {
            *balances.entry(posting.account).or_default() += posting.amount;
        }
        balances.retain(|_, amount| *amount != 0);
        balances
    }

    /// Whether the money was ever the seller's.
    pub fn was_a_sale(&self) -> bool {
        let seller = Account::Seller(self.seller_id);
        self.ledger.iter().flat_map(|entry| &entry.postings).any(|posting| posting.account == seller)
    }

    /// The expected balance of each account, by the state.
    pub fn position(&self) -> BTreeMap<Account, i64> {
        let totals = &self.totals;
        let undecided = if totals.dispute == Some(DisputeStatus::Lost) { 0 } else { totals.withdrawn };
        let owner = match self.status {
            PaymentStatus::Captured => Account::Seller(self.seller_id),
            _ => Account::Buyer(self.buyer_id),
        };
        let sides = [
            (Account::Stripe, totals.held()),
            (Account::Fees, totals.fees),
            (Account::Disputes, undecided),
            (owner, -totals.left()),
        ];
        sides.into_iter().filter(|(_, amount)| *amount != 0).collect()
    }

    /// Appends to the books what this version changes.
    pub(super) fn booked(mut self, now: Time) -> Self {
        let mut differences = self.position();
        for (account, amount) in self.balances() {
            *differences.entry(account).or_default() -= amount;
        }
        let postings: Vec<_> = differences
            .into_iter()
            .filter(|(_, amount)| *amount != 0)
            .map(|(account, amount)| Posting { account, amount })
            .collect();
        if !postings.is_empty() {
            self.ledger.push(Entry { at: now, version: self.version, status: self.status, postings });
        }
        self
    }
}
