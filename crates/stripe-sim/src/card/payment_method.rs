//! Payment methods as requests name them: a test card's name, or the data of a card.

use common::{Ids, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Behavior, by_name, by_number, number};
use crate::error::ApiError;
use crate::failure::Failure;
use crate::format::unix_seconds;
use crate::param::Params;

/// Month and year of named cards.
const NAMED_CARD_EXPIRY: (i32, i32) = (12, 2034);

/// The stored part of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PaymentMethod {
    pub(crate) id: String,
    pub(crate) brand: String,
    pub(crate) last4: String,
    pub(crate) exp_month: i32,
    pub(crate) exp_year: i32,
    #[serde(rename = "behaviour")]
    pub(crate) behavior: Behavior,
}

impl PaymentMethod {
    /// Stripe's JSON (<https://docs.stripe.com/api/payment_methods/object>).
    pub(crate) fn view(&self, created: Time) -> Value {
        json!({
            "id": self.id,
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": {
                "address": { "city": null, "country": null, "line1": null, "line2": null, "postal_code": null, "state": null },
                "email": null, "name": null, "phone": null, "tax_id": null,
            },
            "card": {
                "brand": self.brand,
                "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" },
                "country": "US",
                "display_brand": self.brand,
                "exp_month": self.exp_month,
                "exp_year": self.exp_year,
                "fingerprint": self.fingerprint(),
                "funding": "credit",
                "generated_from": null,
                "last4": self.last4,
                "networks": { "available": [self.brand], "preferred": null },
                "regulated_status": "unregulated",
                "three_d_secure_usage": { "supported": true },
                "wallet": null,
            },
            "created": unix_seconds(created),
            "customer": null,
            "customer_account": null,
            "livemode": false,
            "metadata": {},
            "type": "card",
        })
    }

    /// Distinguishes cards, as far as their stored parts do.
    pub(crate) fn fingerprint(&self) -> String {
        format!("sim{}{}", self.brand, self.last4)
    }
}

/// The parameters that name a payment method.
pub(crate) struct PaymentMethodParams<'a> {
    pub(crate) params: &'a Params,
    pub(crate) now: Time,
    pub(crate) ids: &'a Ids,
}

impl PaymentMethodParams<'_> {
    /// The request's payment method, if there is one.
    ///
    /// # Errors
    /// An unknown name, or invalid card data.
    pub(crate) fn read(&self) -> Result<Option<PaymentMethod>, ApiError> {
        match (self.params.text("payment_method"), self.params.text("payment_method_data[type]")) {
            (Some(name), _) => self.by_name(name).map(Some),
            (None, Some("card")) => self.card_data().map(Some),
            (None, Some(other)) => {
                let message = format!(
                    "The payment method type \"{other}\" is not one that is accepted here: take card."
                );
                Err(ApiError::invalid(message).about_parameter("payment_method_data[type]"))
            }
            (None, None) if self.params.nested("payment_method_data").next().is_some() => {
                self.params.required("payment_method_data[type]").map(|_| None)
            }
            (None, None) => Ok(None),
        }
    }

    fn by_name(&self, name: &str) -> Result<PaymentMethod, ApiError> {
        let (brand, last4, behavior) = by_name(name).ok_or_else(|| {
            let message = format!("No such PaymentMethod: '{name}'");
            ApiError::parameter("resource_missing", "payment_method", message)
        })?;
        Ok(self.payment_method(brand, last4, NAMED_CARD_EXPIRY, behavior))
    }

    fn card_data(&self) -> Result<PaymentMethod, ApiError> {
        const CARD: &str = "payment_method_data[card]";
        let digits = number::digits(self.params.required(&format!("{CARD}[number]"))?);
        let month = self.params.required(&format!("{CARD}[exp_month]"))?;
        let year = self.params.required(&format!("{CARD}[exp_year]"))?;
        let cvc = self.params.text(&format!("{CARD}[cvc]"));
        if !number::is_plausible(&digits) {
            return Err(ApiError::card(Failure::IncorrectNumber));
        }
        let expiry = self.expiry(month, year)?;
        let brand = number::brand(&digits);
        let cvc_length = if brand == "amex" { 3..=4 } else { 3..=3 };
        let is_cvc =
            |cvc: &str| cvc_length.contains(&cvc.len()) && cvc.bytes().all(|byte| byte.is_ascii_digit());
        if cvc.is_some_and(|cvc| !is_cvc(cvc)) {
            return Err(ApiError::card(Failure::InvalidCvc));
        }
        Ok(self.payment_method(brand, number::last4(&digits), expiry, by_number(&digits)))
    }

    /// Cards are valid through their month.
    fn expiry(&self, month: &str, year: &str) -> Result<(i32, i32), ApiError> {
        let month = month.parse::<i32>().ok().filter(|month| (1..=12).contains(month));
        let month = month.ok_or_else(|| ApiError::card(Failure::InvalidExpiryMonth))?;
        let year = year.parse::<i32>().ok().map(|year| if year < 100 { 2000 + year } else { year });
        let today = self.now.to_string();
        let part =
            |range| today.get(range).and_then(|part: &str| part.parse::<i32>().ok()).unwrap_or_default();
        let (this_year, this_month) = (part(0..4), part(5..7));
        match year.filter(|year| (this_year..=this_year + 50).contains(year)) {
            None => Err(ApiError::card(Failure::InvalidExpiryYear)),
            Some(year) if year == this_year && month < this_month => {
                Err(ApiError::card(Failure::InvalidExpiryMonth))
            }
            Some(year) => Ok((month, year)),
        }
    }

    fn payment_method(
        &self,
        brand: &str,
        last4: String,
        (exp_month, exp_year): (i32, i32),
        behavior: Behavior,
    ) -> PaymentMethod {
        let id = format!("pm_{}", self.ids.next::<Uuid>().simple());
        PaymentMethod { id, brand: brand.to_owned(), last4, exp_month, exp_year, behavior }
    }
}
