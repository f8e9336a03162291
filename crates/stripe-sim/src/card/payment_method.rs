//! A payment method as a request names it: a test card's name, or a card that was typed in.

use common::{Ids, Time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Behaviour, Failure, number, test_card};
use crate::error::ApiError;
use crate::param::Params;

/// What is kept of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PaymentMethod {
    pub(crate) id: String,
    pub(crate) brand: String,
    pub(crate) last4: String,
    pub(crate) behaviour: Behaviour,
}

/// Reads the payment method of a request.
pub(crate) struct PaymentMethodChoice<'a> {
    pub(crate) params: &'a Params,
    pub(crate) now: Time,
    pub(crate) ids: &'a Ids,
}

impl PaymentMethodChoice<'_> {
    /// The method that the request names, if it names one.
    ///
    /// # Errors
    /// An unknown name, or a card that cannot exist.
    pub(crate) fn read(&self) -> Result<Option<PaymentMethod>, ApiError> {
        match (self.params.text("payment_method"), self.params.text("payment_method_data[type]")) {
            (Some(name), _) => self.by_name(name).map(Some),
            (None, Some("card")) => self.typed_in().map(Some),
            (None, Some(other)) => {
                let message = format!(
                    "The payment method type \"{other}\" is not one that is accepted here: take card."
                );
                Err(ApiError::invalid(message).about_parameter("payment_method_data[type]"))
            }
            (None, None) if self.params.below("payment_method_data").next().is_some() => {
                self.params.required("payment_method_data[type]").map(|_| None)
            }
            (None, None) => Ok(None),
        }
    }

    fn by_name(&self, name: &str) -> Result<PaymentMethod, ApiError> {
        let (brand, last4, behaviour) = test_card::by_name(name).ok_or_else(|| {
            let message = format!("No such PaymentMethod: '{name}'");
            ApiError::parameter("resource_missing", "payment_method", message)
        })?;
        Ok(self.kept(brand, last4.to_owned(), behaviour))
    }

    fn typed_in(&self) -> Result<PaymentMethod, ApiError> {
        const CARD: &str = "payment_method_data[card]";
        let digits = number::digits(self.params.required(&format!("{CARD}[number]"))?);
        let month = self.params.required(&format!("{CARD}[exp_month]"))?;
        let year = self.params.required(&format!("{CARD}[exp_year]"))?;
        let cvc = self.params.text(&format!("{CARD}[cvc]"));
        if !number::is_plausible(&digits) {
            return Err(ApiError::card(Failure::IncorrectNumber));
        }
        self.check_expiry(month, year)?;
        let brand = number::brand(&digits);
        let cvc_length = if brand == "amex" { 3..=4 } else { 3..=3 };
        let is_cvc =
            |cvc: &str| cvc_length.contains(&cvc.len()) && cvc.bytes().all(|byte| byte.is_ascii_digit());
        if cvc.is_some_and(|cvc| !is_cvc(cvc)) {
            return Err(ApiError::card(Failure::InvalidCvc));
        }
        Ok(self.kept(brand, number::last4(&digits), test_card::by_number(&digits)))
    }

    /// A card is good to the end of the month that stands on it.
    fn check_expiry(&self, month: &str, year: &str) -> Result<(), ApiError> {
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
            Some(_) => Ok(()),
        }
    }

    fn kept(&self, brand: &str, last4: String, behaviour: Behaviour) -> PaymentMethod {
        let id = format!("pm_{}", self.ids.next::<Uuid>().simple());
        PaymentMethod { id, brand: brand.to_owned(), last4, behaviour }
    }
}
