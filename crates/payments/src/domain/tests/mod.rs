//! The transitions, and what the tests beside share.

mod last_poll;
mod ledger;
mod recovery;
mod schedule;

use common::event::{OrderStatus, OrderedTicket};
use common::{Currency, Event};
use uuid::Uuid;

use super::*;

const NOW: i64 = 1_000_000;

fn now() -> Time {
    Time::from_millis(NOW)
}

fn order() -> OrderSnapshot {
    let id = |number: u128| Uuid::from_u128(number);
    let price = Money { amount: 2500, currency: Currency::Usd };
    OrderSnapshot {
        id: id(1).into(),
        user_id: id(2).into(),
        ticket: OrderedTicket {
            id: id(3).into(),
            title: "Concert".into(),
            price,
            seller_id: Some(id(4).into()),
            venue: None,
            starts_at: None,
        },
        status: OrderStatus::AwaitingPayment.into(),
        cancel_reason: None,
        refunded: None,
        dispute: None,
        expires_at: now(),
        version: 1,
        created_at: now(),
        updated_at: now(),
        overdue: false,
    }
}

fn intent() -> Intent {
    Intent { id: "pi_1".into(), client_secret: ClientSecret("pi_1_secret_2".into()) }
}

fn error(code: &str) -> CardError {
    CardError { code: code.into(), message: "No.".into() }
}

fn succeeded(refunded: i64) -> IntentState {
    IntentState::Succeeded(MoneyTotals { taken: 2500, refunded, ..MoneyTotals::default() })
}

type Command = fn(&Payment) -> Option<Decision<Payment>>;
type Row = (&'static str, &'static str);

/// A payment of every stage.
fn stages() -> Vec<(&'static str, Payment)> {
    let begun = Payment::begin(Uuid::from_u128(9).into(), &order(), Time::from_millis(0)).next;
    let asked = begun.lease(RunWhen::Due, now()).expect("it is due").next;
    let waiting = asked.adopt(intent(), now()).expect("it was to be created").next;
    let in_status = |status| Payment { status, ..waiting.clone() };
    let asked_capture = Payment {
        schedule: StepSchedule::due_now(now()).lease(now()),
        ..in_status(PaymentStatus::Capturing)
    };
    vec![
        ("voiding-unknown", Payment { status: PaymentStatus::Voiding, ..asked.clone() }),
        ("begun", begun),
        ("asked", asked),
        ("waiting", waiting.clone()),
        ("authorized", in_status(PaymentStatus::Authorized)),
        (
            "capturing",
            Payment { schedule: StepSchedule::due_now(now()), ..in_status(PaymentStatus::Capturing) },
        ),
        ("abandoning", Payment { abandoning: true, ..asked_capture.clone() }),
        ("capture-asked", asked_capture),
        ("voiding", in_status(PaymentStatus::Voiding)),
        ("refunding", in_status(PaymentStatus::Refunding)),
        ("captured", Payment { schedule: StepSchedule::done(), ..in_status(PaymentStatus::Captured) }),
        ("failed", Payment { schedule: StepSchedule::done(), ..in_status(PaymentStatus::Failed) }),
        ("voided", Payment { schedule: StepSchedule::done(), ..in_status(PaymentStatus::Voided) }),
        ("refunded", Payment { schedule: StepSchedule::done(), ..in_status(PaymentStatus::Refunded) }),
    ]
}

/// The next status (or the published subject) of every stage that the command changes; `"later"` if the command only
/// reschedules.
fn table(command: impl Fn(&Payment) -> Option<Decision<Payment>>) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    for (stage, payment) in stages() {
        let Some(Decision { next, events }) = command(&payment) else { continue };
        assert_eq!(next.version, payment.version + 1, "{stage}");
        for event in &events {
            let snapshot = match event {
                Event::PaymentAuthorized(it)
                | Event::PaymentCaptured(it)
                | Event::PaymentFailed(it)
                | Event::PaymentVoided(it)
                | Event::PaymentRefunded(it) => it,
                other => panic!("a payment does not publish {other:?}"),
            };
            assert_eq!(*snapshot, next.snapshot(), "{stage}");
        }
        let is_final = matches!(
            next.status,
            PaymentStatus::Captured | PaymentStatus::Failed | PaymentStatus::Voided | PaymentStatus::Refunded
        );
        // A refund that failed is left to the operator.
        let is_stuck = stage == "refunded";
        assert_eq!(
            next.schedule.due.is_none(),
            is_final || is_stuck,
            "{stage}: a step is due until the payment is final"
        );
        let seen_by_buyer = (next.status, &next.last_error) != (payment.status, &payment.last_error);
        let change = match events.first() {
            Some(event) => event.subject().to_string(),
            None if seen_by_buyer => format!("{:?}", next.status),
            None => "later".into(),
        };
        rows.push((stage, change));
    }
    rows
}

fn rows(expected: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    expected.iter().map(|(stage, change)| (*stage, (*change).to_owned())).collect()
}

#[test]
fn only_an_authorized_payment_is_captured_and_a_voided_one_is_answered() {
    assert_eq!(
        table(|payment| payment.on_order_accepted(now())),
        rows(&[("authorized", "Capturing"), ("voided", "payment.failed")])
    );
}

#[test]
fn the_end_of_an_order_lets_go_of_whatever_is_held() {
    assert_eq!(
        table(|payment| payment.on_order_cancelled(now())),
        rows(&[
            ("begun", "payment.voided"),
            ("asked", "Voiding"),
            ("waiting", "Voiding"),
            ("authorized", "Voiding"),
            ("capturing", "Voiding"),
            ("captured", "Refunding"),
        ])
    );
}

#[test]
fn held_money_is_announced_once_and_waits_for_the_order() {
    let seen = IntentState::RequiresCapture { authorized_at: Some(now()) };
    assert_eq!(
        table(|payment| payment.on_intent_state(&seen, false, now())),
        rows(&[
            ("begun", "payment.authorized"),
            ("asked", "payment.authorized"),
            ("waiting", "payment.authorized"),
            ("authorized", "later"),
        ])
    );
}

#[test]
fn held_money_of_a_cancelled_order_is_let_go_of_and_never_announced() {
    let seen = IntentState::RequiresCapture { authorized_at: Some(now()) };
    assert_eq!(
        table(|payment| payment.on_intent_state(&seen, true, now())),
        rows(&[
            ("begun", "payment.voided"),
            ("asked", "Voiding"),
            ("waiting", "Voiding"),
            ("authorized", "Voiding"),
        ])
    );
}

#[test]
fn what_was_canceled_ends_every_step() {
    for order_is_over in [false, true] {
        assert_eq!(
            table(|payment| payment.on_intent_state(&IntentState::Canceled, order_is_over, now())),
            rows(&[
                ("voiding-unknown", "payment.voided"),
                ("begun", "payment.voided"),
                ("asked", "payment.voided"),
                ("waiting", "payment.voided"),
                ("authorized", "payment.voided"),
                ("capturing", "payment.failed"),
                ("abandoning", "payment.failed"),
                ("capture-asked", "payment.failed"),
                ("voiding", "payment.voided"),
            ])
        );
    }
}

#[test]
fn money_that_was_taken_is_captured_or_goes_back() {
    assert_eq!(
        table(|payment| payment.on_intent_state(&succeeded(0), false, now())),
        rows(&[
            ("voiding-unknown", "Refunding"),
            ("begun", "payment.authorized"),
            ("asked", "payment.authorized"),
            ("waiting", "payment.authorized"),
            ("authorized", "later"),
            ("capturing", "payment.captured"),
            ("abandoning", "payment.captured"),
            ("capture-asked", "payment.captured"),
            ("voiding", "Refunding"),
            ("refunding", "later"),
            ("captured", "later"),
            ("failed", "Refunding"),
            ("voided", "Refunding"),
            ("refunded", "payment.refunded"),
        ])
    );
}

#[test]
fn a_declined_card_is_shown_to_the_buyer_once() {
    let seen = IntentState::RequiresPaymentMethod(Some(error("card_declined")));
    let expected = rows(&[
        ("begun", "RequiresPayment"),
        ("asked", "RequiresPayment"),
        ("waiting", "RequiresPayment"),
        ("authorized", "later"),
    ]);
    assert_eq!(table(|payment| payment.on_intent_state(&seen, false, now())), expected);
    let declined = Payment { last_error: Some(error("card_declined")), ..stages().remove(3).1 };
    let again = declined.on_intent_state(&seen, false, now()).expect("the next poll").next;
    assert_eq!((again.last_error, again.updated_at), (declined.last_error, declined.updated_at));
}

#[test]
fn the_other_commands_concern_one_step_each() {
    let commands: [(&str, Command, &[Row]); 4] = [
        (
            "adopt",
            |payment| payment.adopt(intent(), now()),
            &[("voiding-unknown", "later"), ("begun", "later"), ("asked", "later")],
        ),
        (
            "nothing was created",
            |payment| payment.nothing_was_created(now()),
            &[
                ("voiding-unknown", "payment.voided"),
                ("begun", "payment.voided"),
                ("asked", "payment.voided"),
            ],
        ),
        (
            "capture refused",
            |payment| payment.capture_refused(error("card_declined"), now()),
            &[("capturing", "Capturing"), ("capture-asked", "Capturing")],
        ),
        ("refund", |payment| payment.refund(now()).ok().flatten(), &[("captured", "Refunding")]),
    ];
    for (name, command, expected) in commands {
        assert_eq!(table(command), rows(expected), "{name}");
    }
}

#[test]
fn the_client_secret_is_not_shown_to_a_log() {
    assert!(!format!("{:?}", stages()).contains("secret_2"));
}
