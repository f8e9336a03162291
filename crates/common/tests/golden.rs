//! Every event as it stands on the wire: one sample per subject and schema, compared byte for byte.
//!
//! A sample never changes and is never removed: other processes, and events that are stored, speak it. A field may be
//! added by a new optional field in the example and the sample; anything else is a new schema and a further sample.

use std::fs;
use std::path::{Path, PathBuf};

use common::event::{
    AccountDeleted, AccountSnapshot, CancelReason, ClosingRequest, DeadlinePassed, DisputeStatus, Envelope,
    Event, OrderSnapshot, OrderStatus, OrderedTicket, PaymentSnapshot, PaymentStatus, RefusalReason,
    ReservationRefused, SessionRevoked, Subject, TicketSnapshot, TicketStatus,
};
use common::{Currency, Money, Time};
use serde_json::{Value, json};
use uuid::Uuid;

const PRICE: Money = Money { amount: 89_00, currency: Currency::Eur };

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn id<T: From<Uuid>>(number: u128) -> T {
    T::from(Uuid::from_u128(0x019a_0b5c_0000_7000_8000_0000_0000_0000 + number))
}

fn at(time: &str) -> Time {
    format!("2026-11-22T{time}Z").parse().expect("a time")
}

fn ticket(status: TicketStatus) -> TicketSnapshot {
    let is_held = matches!(status, TicketStatus::Reserved | TicketStatus::Sold);
    TicketSnapshot {
        id: id(1),
        title: "Mahler 5 \u{1f3ab}".into(),
        venue: Some("Philharmonie, Berlin".into()),
        starts_at: Some("2027-01-30T19:30:00Z".parse().expect("a time")),
        description: Some("Block A, row 3\nTwo seats".into()),
        price: PRICE,
        seller_id: id(2),
        status: status.into(),
        order_id: is_held.then(|| id(3)),
        reserved_until: (status == TicketStatus::Reserved).then(|| at("10:15:00")),
        version: 7,
        created_at: at("09:00:00.001"),
        updated_at: at("10:00:00"),
        overdue: false,
    }
}

fn closing() -> ClosingRequest {
    ClosingRequest { user_id: id(4), request: 3, if_unused: true }
}

fn order(status: OrderStatus) -> OrderSnapshot {
    OrderSnapshot {
        id: id(3),
        user_id: id(4),
        ticket: OrderedTicket {
            id: id(1),
            title: "Mahler 5".into(),
            price: PRICE,
            seller_id: None,
            venue: Some("Philharmonie, Berlin".into()),
            starts_at: Some("2027-01-30T19:30:00Z".parse().expect("a time")),
        },
        status: status.into(),
        cancel_reason: (status == OrderStatus::Cancelled).then_some(CancelReason::ByBuyer.into()),
        refunded: None,
        dispute: None,
        expires_at: at("10:15:00"),
        version: 2,
        created_at: at("10:00:00"),
        updated_at: at("10:00:01.5"),
        overdue: false,
    }
}

fn payment(status: PaymentStatus) -> PaymentSnapshot {
    PaymentSnapshot {
        id: id(5),
        order_id: id(3),
        status: status.into(),
        amount: PRICE,
        authorized_at: (status == PaymentStatus::Authorized).then(|| at("10:01:59")),
        refunded: None,
        dispute: None,
        version: 4,
        created_at: at("10:01:00"),
        updated_at: at("10:02:00"),
        overdue: false,
    }
}

/// The example of a subject. A new subject does not compile without one.
fn example(subject: Subject) -> Event {
    match subject {
        Subject::TicketCreated => Event::TicketCreated(ticket(TicketStatus::Available)),
        Subject::TicketUpdated => Event::TicketUpdated(ticket(TicketStatus::Available)),
        Subject::TicketReserved => Event::TicketReserved(ticket(TicketStatus::Reserved)),
        Subject::TicketReleased => Event::TicketReleased(ticket(TicketStatus::Available)),
        Subject::TicketSold => Event::TicketSold(ticket(TicketStatus::Sold)),
        Subject::TicketWithdrawn => Event::TicketWithdrawn(ticket(TicketStatus::Withdrawn)),
        Subject::TicketReservationRefused => Event::TicketReservationRefused(ReservationRefused {
            ticket_id: id(1),
            order_id: id(3),
            reason: RefusalReason::PriceChanged.into(),
        }),
        Subject::OrderCreated => Event::OrderCreated(order(OrderStatus::Created)),
        Subject::OrderAwaitingPayment => Event::OrderAwaitingPayment(order(OrderStatus::AwaitingPayment)),
        Subject::OrderPaymentAccepted => Event::OrderPaymentAccepted(order(OrderStatus::Paying)),
        Subject::OrderCompleted => Event::OrderCompleted(order(OrderStatus::Complete)),
        Subject::OrderCancelled => Event::OrderCancelled(order(OrderStatus::Cancelled)),
        Subject::ExpirationCompleted => {
            Event::ExpirationCompleted(DeadlinePassed { order_id: id(3), expires_at: at("10:15:00") })
        }
        Subject::PaymentStarted => Event::PaymentStarted(payment(PaymentStatus::RequiresPayment)),
        Subject::PaymentAuthorized => Event::PaymentAuthorized(payment(PaymentStatus::Authorized)),
        Subject::PaymentNotAuthorized => Event::PaymentNotAuthorized(payment(PaymentStatus::RequiresPayment)),
        Subject::PaymentCaptured => Event::PaymentCaptured(payment(PaymentStatus::Captured)),
        Subject::PaymentFailed => Event::PaymentFailed(payment(PaymentStatus::Failed)),
        Subject::PaymentVoided => Event::PaymentVoided(payment(PaymentStatus::Voided)),
        Subject::PaymentRefunded => Event::PaymentRefunded(payment(PaymentStatus::Refunded)),
        Subject::PaymentDisputed => Event::PaymentDisputed(PaymentSnapshot {
            refunded: Some(Money { amount: 10_00, ..PRICE }),
            dispute: Some(DisputeStatus::Open.into()),
            ..payment(PaymentStatus::Captured)
        }),
        Subject::SessionRevoked => Event::SessionRevoked(SessionRevoked {
            session_id: id(6),
            user_id: id(4),
            tokens_expire_at: at("10:15:00"),
        }),
        Subject::AccountChanged => Event::AccountChanged(AccountSnapshot {
            user_id: id(4),
            email: "ann@example.com".into(),
            verified: true,
            locale: Some("de".into()),
            version: 7,
        }),
        Subject::AccountClosing => Event::AccountClosing(closing()),
        Subject::OrderClosingAccepted => Event::OrderClosingAccepted(closing()),
        Subject::OrderClosingRefused => Event::OrderClosingRefused(closing()),
        Subject::AccountDeleted => Event::AccountDeleted(AccountDeleted { user_id: id(4) }),
    }
}

fn envelope(subject: Subject) -> Envelope {
    Envelope {
        id: id(9),
        schema: subject.schema(),
        aggregate: id(8),
        version: 7,
        time: at("10:00:00"),
        trace: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        event: example(subject),
    }
}

fn written(envelope: &Envelope) -> String {
    serde_json::to_string_pretty(envelope).expect("JSON") + "\n"
}

/// Every sample that there is: its file's name and its text.
fn samples() -> Vec<(String, String)> {
    let files = fs::read_dir(folder()).expect("the samples").map(|file| file.expect("a file").path());
    let samples = files.map(|path| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).expect("text"))
    });
    samples.collect()
}

#[test]
fn every_event_is_written_as_its_sample() {
    for subject in Subject::ALL {
        let file = folder().join(format!("{subject}.v{}.json", subject.schema()));
        let text = written(&envelope(*subject));
        let sample = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(sample, text, "{} (left) is not how {subject} is written (right)", file.display());
    }
}

#[test]
fn every_sample_of_whatever_age_can_be_read() {
    for (name, text) in samples() {
        let event: Envelope = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(name, format!("{}.v{}.json", event.subject(), event.schema));
        assert!(event.schema <= event.subject().schema(), "{name} is of a schema that is still to come");
    }
}

#[test]
fn no_schema_is_without_its_sample() {
    let names: Vec<_> = samples().into_iter().map(|(name, _)| name).collect();
    for subject in Subject::ALL {
        for schema in 1..=subject.schema() {
            let name = format!("{subject}.v{schema}.json");
            assert!(names.contains(&name), "{name} is missing");
        }
    }
}

#[test]
fn readers_do_without_optional_fields_and_ignore_unknown_ones() {
    const OPTIONAL: [&str; 6] =
        ["venue", "startsAt", "description", "orderId", "reservedUntil", "cancelReason"];
    const OPTIONAL_OF_PAYMENTS: [&str; 3] = ["authorizedAt", "refunded", "dispute"];
    for (name, text) in samples() {
        let mut event: Value = serde_json::from_str(&text).expect("JSON");
        event["unknown"] = json!({ "of": ["a", "later", "version"] });
        event["data"]["unknown"] = json!(7);
        if name.starts_with("ticket.") && !name.starts_with("ticket.reservation-refused")
            || name.starts_with("order.")
        {
            let data = event["data"].as_object_mut().expect("data");
            data.retain(|field, _| !OPTIONAL.contains(&field.as_str()));
            if let Some(ticket) = data.get_mut("ticket").and_then(Value::as_object_mut) {
                ticket.retain(|field, _| !OPTIONAL.contains(&field.as_str()));
            }
        }
        if name.starts_with("account.closing") || name.starts_with("order.closing") {
            event["data"].as_object_mut().expect("data").remove("ifUnused");
        }
        if name.starts_with("account.changed") {
            event["data"].as_object_mut().expect("data").remove("locale");
        }
        if name.starts_with("payment.") {
            let data = event["data"].as_object_mut().expect("data");
            data.retain(|field, _| !OPTIONAL_OF_PAYMENTS.contains(&field.as_str()));
        }
        event.as_object_mut().expect("an event").remove("trace");
        let read = serde_json::from_value::<Envelope>(event);
        assert!(read.is_ok(), "{name}: {read:?}");
    }
}

#[test]
fn the_words_of_every_state_and_reason_stay() {
    let ticket =
        [TicketStatus::Available, TicketStatus::Reserved, TicketStatus::Sold, TicketStatus::Withdrawn];
    assert_eq!(json!(ticket), json!(["available", "reserved", "sold", "withdrawn"]));
    let order = [
        OrderStatus::Created,
        OrderStatus::AwaitingPayment,
        OrderStatus::Paying,
        OrderStatus::Complete,
        OrderStatus::Cancelled,
    ];
    assert_eq!(json!(order), json!(["created", "awaiting-payment", "paying", "complete", "cancelled"]));
    let reasons = [
        CancelReason::ByBuyer,
        CancelReason::Expired,
        CancelReason::TicketUnavailable,
        CancelReason::PriceChanged,
        CancelReason::PaymentFailed,
        CancelReason::AccountClosed,
    ];
    let words = json!([
        "by-buyer",
        "expired",
        "ticket-unavailable",
        "price-changed",
        "payment-failed",
        "account-closed"
    ]);
    assert_eq!(json!(reasons), words);
    let refusals = [RefusalReason::TicketUnavailable, RefusalReason::PriceChanged];
    assert_eq!(json!(refusals), json!(["ticket-unavailable", "price-changed"]));
    let payment = [
        PaymentStatus::RequiresPayment,
        PaymentStatus::Authorized,
        PaymentStatus::Capturing,
        PaymentStatus::Captured,
        PaymentStatus::Failed,
        PaymentStatus::Voiding,
        PaymentStatus::Voided,
        PaymentStatus::Refunding,
        PaymentStatus::Refunded,
    ];
    let words = json!([
        "requires-payment",
        "authorized",
        "capturing",
        "captured",
        "failed",
        "voiding",
        "voided",
        "refunding",
        "refunded"
    ]);
    assert_eq!(json!(payment), words);
}
