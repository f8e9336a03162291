//! The books of one payment: double entry, append-only. The ledger is the union of every payment's books.
//!
//! A positive amount is ours (or was spent), a negative one is owed to somebody. What the accounts stand at follows
//! from the payment's state alone; each commit that changes it appends the difference. So the books can neither lag
//! behind the state nor run ahead of it, and every entry adds up to zero because every state does.

use std::collections::BTreeMap;
use std::fmt;

use common::event::{DisputeStatus, PaymentStatus};
use common::{Time, UserId};
use serde::{Deserialize, Serialize};

use super::Payment;

/// Where money is, or to whom it belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Account {
    /// What Stripe holds for us.
    Stripe,
    /// What Stripe kept for its work.
    Fees,
    /// What disputes have withdrawn that are not decided yet.
    Disputes,
    /// What the seller has earned; `None`: the order was placed before orders told of their sellers.
    Seller(Option<UserId>),
    /// What was taken of the buyer without a sale, and is to go back.
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

/// What one change of a payment moved; its postings add up to zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was committed.
    pub at: Time,
    /// The revision of the payment that it belongs to.
    pub version: u64,
    /// The payment's state from then on.
    pub status: PaymentStatus,
    /// At least two.
    pub postings: Vec<Posting>,
}

/// What Stripe says became of the money, in minor units: totals, so that hearing them twice changes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Taken of the buyer.
    pub taken: i64,
    /// Given back to the buyer.
    pub refunded: i64,
    /// Withdrawn by disputes, as long as they are not won.
    pub withdrawn: i64,
    /// Kept by Stripe for its work, disputes included.
    pub fees: i64,
    /// How far the dispute is, if there is one.
    pub dispute: Option<DisputeStatus>,
}

impl Moved {
    /// What is left of what was taken. What a dispute withdraws counts as left until it is lost.
    pub fn left(&self) -> i64 {
        let lost = if self.dispute == Some(DisputeStatus::Lost) { self.withdrawn } else { 0 };
        self.taken - self.refunded - lost
    }

    /// What Stripe holds of it.
    pub fn held(&self) -> i64 {
        self.taken - self.refunded - self.withdrawn - self.fees
    }
}

impl Payment {
    /// What each account stands at, by its books.
    pub fn balances(&self) -> BTreeMap<Account, i64> {
        let mut balances = BTreeMap::new();
        for posting in self.ledger.iter().flat_map(|entry| &entry.postings) {
            *balances.entry(posting.account).or_default() += posting.amount;
        }
        balances.retain(|_, amount| *amount != 0);
        balances
    }

    /// Whether its money was ever the seller's.
    pub fn was_a_sale(&self) -> bool {
        let seller = Account::Seller(self.seller_id);
        self.ledger.iter().flat_map(|entry| &entry.postings).any(|posting| posting.account == seller)
    }

    /// What each account ought to stand at, by its state.
    pub fn position(&self) -> BTreeMap<Account, i64> {
        let moved = &self.moved;
        let undecided = if moved.dispute == Some(DisputeStatus::Lost) { 0 } else { moved.withdrawn };
        let owner = match self.status {
            PaymentStatus::Captured => Account::Seller(self.seller_id),
            _ => Account::Buyer(self.buyer_id),
        };
        let sides = [
            (Account::Stripe, moved.held()),
            (Account::Fees, moved.fees),
            (Account::Disputes, undecided),
            (owner, -moved.left()),
        ];
        sides.into_iter().filter(|(_, amount)| *amount != 0).collect()
    }

    /// This revision with its books kept: what it changes is appended.
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
