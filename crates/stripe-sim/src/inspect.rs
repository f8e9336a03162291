//! What a test asks about the money.

use common::{Currency, Money};
use store::{Range, StoreError};

use crate::StripeSim;
use crate::balance::{Sums, Transaction};
use crate::id::Kind;
use crate::intent::Status;
use crate::record::Record;

const PAGE: usize = 100;

/// A `PaymentIntent` in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentSummary {
    /// `pi_...`
    pub id: String,
    /// Its state.
    pub status: Status,
    /// What was asked for.
    pub amount: Money,
    /// What was taken, whether or not it went back since.
    pub amount_received: Money,
    /// What went back of it.
    pub amount_refunded: Money,
    /// What Stripe holds of it: what was taken, less what went back, is withdrawn by disputes or was kept as fees.
    pub held: Money,
    /// What the caller attached.
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

    /// What Stripe holds of this currency, pending or available: what was taken, less what went back, is withdrawn by
    /// disputes or was kept as fees.
    ///
    /// # Errors
    /// The database failed.
    pub async fn balance_total(&self, currency: Currency) -> Result<Money, StoreError> {
        let amount = self.sums().await?.total(currency);
        Ok(Money { amount, currency })
    }

    /// The balance, by currency.
    pub(crate) async fn sums(&self) -> Result<Sums, StoreError> {
        let (mut sums, now) = (Sums::default(), self.0.clock.now());
        self.each_record(|record| sums.add(&record.intent, now)).await?;
        Ok(sums)
    }

    async fn each_record(&self, mut visit: impl FnMut(&Record)) -> Result<(), StoreError> {
        let mut place = None;
        loop {
            let range = Range::of(Kind::PaymentIntent.index(), []).after(place).limit(PAGE);
            let page = self.0.records.page(range).await?;
            page.items.iter().for_each(&mut visit);
            place = page.next;
            if place.is_none() {
                return Ok(());
            }
        }
    }

    /// All money of this currency that was taken, gross: what went back since ([`Self::refunded_total`]) counts, too.
    ///
    /// # Errors
    /// The database failed.
    pub async fn captured_total(&self, currency: Currency) -> Result<Money, StoreError> {
        self.total(currency, |intent| intent.amount_received).await
    }

    /// All money of this currency that was taken and went back.
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

    /// The `PaymentIntent`s whose money is reserved and neither taken nor given free.
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
