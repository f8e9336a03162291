//! `expand[]`: objects instead of their ids (<https://docs.stripe.com/api/expanding_objects>).

use common::Time;
use serde_json::Value;

use crate::error::ApiError;
use crate::id::{ItemId, Kind};
use crate::intent::{PaymentIntent, Subject};
use crate::param::Params;

/// Stripe's limit of levels.
const MAX_EXPAND_DEPTH: usize = 4;

/// The paths to expand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expansion(Vec<Vec<String>>);

/// The value behind a property.
enum Target {
    /// An object of this noun.
    Object(&'static str),
    /// An object of one of several nouns.
    Any,
    /// Always null in the simulator.
    Nothing,
}

fn target(noun: &str, field: &str) -> Option<Target> {
    Some(match (noun, field) {
        ("payment_intent", "latest_charge") | ("refund" | "dispute", "charge") => Target::Object("charge"),
        ("payment_intent", "payment_method") => Target::Object("payment_method"),
        ("charge" | "refund" | "dispute", "payment_intent") => Target::Object("payment_intent"),
        ("charge" | "refund", "balance_transaction" | "failure_balance_transaction") => {
            Target::Object("balance_transaction")
        }
        ("charge", "refunds") => Target::Object("list of refunds"),
        ("list of refunds", "data") => Target::Object("refund"),
        ("balance_transaction", "source") => Target::Any,
        ("payment_intent", "application" | "customer" | "on_behalf_of" | "review" | "processing")
        | (
            "charge",
            "application" | "application_fee" | "customer" | "on_behalf_of" | "review" | "source_transfer",
        )
        | ("refund", "source_transfer_reversal" | "transfer_reversal")
        | ("payment_method", "customer") => Target::Nothing,
        _ => return None,
    })
}

impl Expansion {
    /// Reads the paths for a reply that is an object of this noun, or a list of such objects.
    pub(crate) fn read(params: &Params, noun: &str, is_list: bool) -> Result<Self, ApiError> {
        if params.given("expand").is_some() {
            return Err(ApiError::invalid("Invalid array: send expand[].").about_parameter("expand"));
        }
        let mut paths = Vec::new();
        for text in params.list("expand") {
            let path: Vec<String> = text.split('.').map(str::to_owned).collect();
            if path.len() > MAX_EXPAND_DEPTH {
                let message = format!("You cannot expand more than {MAX_EXPAND_DEPTH} levels of a property.");
                return Err(ApiError::invalid(message).about_parameter("expand"));
            }
            let path = match (is_list, path.split_first()) {
                (false, _) => path,
                (true, Some((first, rest))) if first == "data" && !rest.is_empty() => rest.to_vec(),
                (true, _) => {
                    let message = format!(
                        "This property cannot be expanded ({text}). You may want to try expanding \
                         'data.{text}' instead."
                    );
                    return Err(ApiError::invalid(message).about_parameter("expand"));
                }
            };
            check(noun, &path, text)?;
            paths.push(path);
        }
        Ok(Self(paths))
    }

    /// Expands a view of one of the payment's objects.
    pub(crate) fn apply(&self, intent: &PaymentIntent, view: &mut Value, base: &str, now: Time) {
        let find = |id: &str| intent.find(id, base, now);
        for path in &self.0 {
            expand(view, path, intent, &find);
        }
    }
}

fn check(noun: &str, path: &[String], text: &str) -> Result<(), ApiError> {
    let mut noun = noun;
    for field in path {
        match target(noun, field) {
            Some(Target::Object(next)) => noun = next,
            Some(Target::Any | Target::Nothing) => return Ok(()),
            None => {
                let message = format!("This property cannot be expanded ({text}).");
                return Err(ApiError::invalid(message).about_parameter("expand"));
            }
        }
    }
    Ok(())
}

fn expand(view: &mut Value, path: &[String], intent: &PaymentIntent, find: &impl Fn(&str) -> Option<Value>) {
    let Some((field, rest)) = path.split_first() else { return };
    if let Value::Array(items) = view {
        return items.iter_mut().for_each(|item| expand(item, path, intent, find));
    }
    if field == "refunds" && view["object"] == "charge" && view.get("refunds").is_none() {
        let charge = view["id"].as_str().and_then(ItemId::parse);
        view["refunds"] = charge.map_or(Value::Null, |charge| intent.refunds_view(charge.position));
    }
    let Some(child) = view.get_mut(field.as_str()) else { return };
    if let Some(object) = child.as_str().and_then(find) {
        *child = object;
    }
    expand(child, rest, intent, find);
}

impl PaymentIntent {
    /// The object of this id in this payment.
    fn find(&self, id: &str, base: &str, now: Time) -> Option<Value> {
        if id.starts_with("pm_") {
            let charged = self.charges.iter().map(|charge| &charge.method);
            let method = self.payment_method.iter().chain(charged).find(|method| method.id == id)?;
            return Some(method.view(self.created));
        }
        let item = ItemId::parse(id).filter(|item| item.owner == self.id)?;
        let view = match item.kind {
            Kind::PaymentIntent => self.object_view(Subject::Intent, base),
            Kind::Charge => self.object_view(Subject::Charge(item.position), base),
            Kind::Refund => self.object_view(Subject::Refund(item.position), base),
            Kind::Dispute => self.object_view(Subject::Dispute(item.position), base),
            Kind::Transaction => self.transaction_view(item.position, now),
            Kind::Event => return None,
        };
        Some(view).filter(|view| !view.is_null())
    }
}
