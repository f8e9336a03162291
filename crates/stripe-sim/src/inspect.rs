//! What a test asks about the money.

use common::{Currency, Money};
use store::{Range, StoreError};

use crate::StripeSim;
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
    /// What was taken.
    pub amount_received: Money,
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
        let mut place = None;
        loop {
            let range = Range::of(Record::CREATED, []).after(place).limit(PAGE);
            let page = self.0.records.page(range).await?;
            all.extend(page.items.iter().map(summary));
            place = page.next;
            if place.is_none() {
                return Ok(all);
            }
        }
    }

    /// All money of this currency that was taken.
    ///
    /// # Errors
    /// The database failed.
    pub async fn captured_total(&self, currency: Currency) -> Result<Money, StoreError> {
        let received = |intent: IntentSummary| intent.amount_received;
        let all = self.payment_intents().await?.into_iter().map(received);
        let amount = all.filter(|money| money.currency == currency).map(|money| money.amount).sum();
        Ok(Money { amount, currency })
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
        metadata: record.intent.metadata.clone(),
    }
}
