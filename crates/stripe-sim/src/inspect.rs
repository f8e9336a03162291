//! Queries of tests about payments and money.

use common::{Currency, Money};
use store::{Range, StoreError};

use crate::balance::{Balance, Transaction};
use crate::id::Kind;
use crate::intent::Status;
use crate::record::Record;
use crate::sim::StripeSim;

const PAGE_SIZE: usize = 100;

/// A summary of a `PaymentIntent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentSummary {
    /// `pi_...`
    pub id: String,
    /// The state.
    pub status: Status,
    /// The requested amount.
    pub amount: Money,
    /// The captured amount, including refunded money.
    pub amount_received: Money,
    /// The refunded part.
    pub amount_refunded: Money,
    /// The part in the balance: captured less refunded, disputed and fees.
    pub held: Money,
    /// The caller's metadata.
    pub metadata: std::collections::BTreeMap<String, String>,
}

impl StripeSim {
    /// Every `PaymentIntent`, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn payment_intents(&self) -> Result<Vec<IntentSummary>, StoreError> {
        let mut all = Vec::new();
        self.each_record(|record| all.push(summary(record))).await?;
        Ok(all)
    }

    /// The balance in this currency, pending and available: captured less refunded, disputed and fees.
    ///
    /// # Errors
    /// The database failed.
    pub async fn balance_total(&self, currency: Currency) -> Result<Money, StoreError> {
        let amount = self.balance().await?.total(currency);
        Ok(Money { amount, currency })
    }

    /// The balance, by currency.
    pub(crate) async fn balance(&self) -> Result<Balance, StoreError> {
        let (mut balance, now) = (Balance::default(), self.0.clock.now());
        self.each_record(|record| balance.add(record.intent.currency, &record.intent.transactions, now))
            .await?;
        Ok(balance)
    }

    async fn each_record(&self, mut visit: impl FnMut(&Record)) -> Result<(), StoreError> {
        let mut cursor = None;
        loop {
            let range = Range::of(Kind::PaymentIntent.index(), []).after(cursor).limit(PAGE_SIZE);
            let page = self.0.records.page(range).await?;
            page.items.iter().for_each(&mut visit);
            cursor = page.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// The captured money in this currency, including refunded money ([`Self::refunded_total`]).
    ///
    /// # Errors
    /// The database failed.
    pub async fn captured_total(&self, currency: Currency) -> Result<Money, StoreError> {
        self.total(currency, |intent| intent.amount_received).await
    }

    /// The refunded money in this currency.
    ///
    /// # Errors
    /// The database failed.
    pub async fn refunded_total(&self, currency: Currency) -> Result<Money, StoreError> {
        self.total(currency, |intent| intent.amount_refunded).await
    }

    async fn total(
        &self,
        currency: Currency,
        part: impl Fn(&IntentSummary) -> Money,
    ) -> Result<Money, StoreError> {
        let all = self.payment_intents().await?;
        let amounts = all.iter().map(part).filter(|money| money.currency == currency);
        Ok(Money { amount: amounts.map(|money| money.amount).sum(), currency })
    }

    /// The `PaymentIntent`s with an authorization that is neither captured nor voided.
    ///
    /// # Errors
    /// The database failed.
    pub async fn open_authorizations(&self) -> Result<Vec<IntentSummary>, StoreError> {
        let mut all = self.payment_intents().await?;
        all.retain(|intent| intent.status == Status::RequiresCapture);
        Ok(all)
    }
}

fn summary(record: &Record) -> IntentSummary {
    let money = |amount| Money { amount, currency: record.intent.currency };
    IntentSummary {
        id: record.intent.id.to_string(),
        status: record.intent.status,
        amount: money(record.intent.amount),
        amount_received: money(record.intent.amount_received),
        amount_refunded: money(record.intent.amount_refunded()),
        held: money(record.intent.transactions.iter().map(Transaction::net).sum()),
        metadata: record.intent.metadata.clone(),
    }
}
