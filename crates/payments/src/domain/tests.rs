use common::event::{OrderStatus, OrderedTicket};
use common::{Currency, Fact};
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
        ticket: OrderedTicket { id: id(3).into(), title: "Concert".into(), price },
        status: OrderStatus::AwaitingPayment,
        cancel_reason: None,
        expires_at: now(),
        version: 1,
        created_at: now(),
        updated_at: now(),
    }
}

fn intent() -> Intent {
    Intent { id: "pi_1".into(), client_secret: ClientSecret("pi_1_secret_2".into()) }
}

fn error(code: &str) -> CardError {
    CardError { code: code.into(), message: "No.".into() }
}

type Command = fn(&Payment) -> Option<Decision<Payment>>;
type Row = (&'static str, &'static str);

/// Every kind of payment that a command can meet.
fn stages() -> Vec<(&'static str, Payment)> {
    let begun = Payment::begin(Uuid::from_u128(9).into(), &order(), Time::from_millis(0)).next;
    let asked = begun.take(false, now()).expect("it is due").next;
    let waiting = asked.adopt(intent(), now()).expect("it was asked for").next;
    let in_status = |status| Payment { status, ..waiting.clone() };
    let asked_capture =
        Payment { work: Work::at_once(now()).take(now()), ..in_status(PaymentStatus::Capturing) };
    vec![
        ("voiding-unknown", Payment { status: PaymentStatus::Voiding, ..asked.clone() }),
        ("begun", begun),
        ("asked", asked),
        ("waiting", waiting.clone()),
        ("authorized", in_status(PaymentStatus::Authorized)),
        ("capturing", Payment { work: Work::at_once(now()), ..in_status(PaymentStatus::Capturing) }),
        ("giving-up", Payment { giving_up: true, ..asked_capture.clone() }),
        ("capture-asked", asked_capture),
        ("voiding", in_status(PaymentStatus::Voiding)),
        ("refunding", in_status(PaymentStatus::Refunding)),
        ("captured", Payment { work: Work::done(), ..in_status(PaymentStatus::Captured) }),
        ("failed", Payment { work: Work::done(), ..in_status(PaymentStatus::Failed) }),
        ("voided", Payment { work: Work::done(), ..in_status(PaymentStatus::Voided) }),
        ("refunded", Payment { work: Work::done(), ..in_status(PaymentStatus::Refunded) }),
    ]
}

/// The next status (and the announced subject) of every stage that a command changes. A change that only reschedules
/// is `"later"`.
fn table(command: impl Fn(&Payment) -> Option<Decision<Payment>>) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    for (stage, payment) in stages() {
        let Some(Decision { next, facts }) = command(&payment) else { continue };
        assert_eq!(next.version, payment.version + 1, "{stage}");
        for fact in &facts {
            let snapshot = match fact {
                Fact::PaymentAuthorized(it)
                | Fact::PaymentCaptured(it)
                | Fact::PaymentFailed(it)
                | Fact::PaymentVoided(it)
                | Fact::PaymentRefunded(it) => it,
                other => panic!("a payment does not announce {other:?}"),
            };
            assert_eq!(*snapshot, next.snapshot(), "{stage}");
        }
        let is_final = matches!(
            next.status,
            PaymentStatus::Captured | PaymentStatus::Failed | PaymentStatus::Voided | PaymentStatus::Refunded
        );
        assert_eq!(next.work.due.is_none(), is_final, "{stage}: something is to do until it is final");
        let seen_by_buyer = (next.status, &next.last_error) != (payment.status, &payment.last_error);
        let words = match facts.first() {
            Some(fact) => fact.subject().to_string(),
            None if seen_by_buyer => format!("{:?}", next.status),
            None => "later".into(),
        };
        rows.push((stage, words));
    }
    rows
}

fn rows(expected: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    expected.iter().map(|(stage, words)| (*stage, (*words).to_owned())).collect()
}

#[test]
fn only_an_authorized_payment_is_captured_and_a_voided_one_is_answered() {
    assert_eq!(
        table(|payment| payment.order_accepted(now())),
        rows(&[("authorized", "Capturing"), ("voided", "payment.failed")])
    );
}

#[test]
fn the_end_of_an_order_lets_go_of_whatever_is_held() {
    assert_eq!(
        table(|payment| payment.order_cancelled(now())),
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
    let seen = IntentState::RequiresCapture;
    assert_eq!(
        table(|payment| payment.observe(&seen, false, now())),
        rows(&[
            ("begun", "payment.authorized"),
            ("asked", "payment.authorized"),
            ("waiting", "payment.authorized"),
            ("authorized", "later"),
        ])
    );
}

#[test]
fn held_money_of_a_dead_order_is_let_go_of_and_never_announced() {
    let seen = IntentState::RequiresCapture;
    assert_eq!(
        table(|payment| payment.observe(&seen, true, now())),
        rows(&[
            ("begun", "payment.voided"),
            ("asked", "Voiding"),
            ("waiting", "Voiding"),
            ("authorized", "Voiding"),
        ])
    );
}

#[test]
fn what_was_canceled_ends_every_intention() {
    for order_is_over in [false, true] {
        assert_eq!(
            table(|payment| payment.observe(&IntentState::Canceled, order_is_over, now())),
            rows(&[
                ("voiding-unknown", "payment.voided"),
                ("begun", "payment.voided"),
                ("asked", "payment.voided"),
                ("waiting", "payment.voided"),
                ("authorized", "payment.voided"),
                ("capturing", "payment.failed"),
                ("giving-up", "payment.failed"),
                ("capture-asked", "payment.failed"),
                ("voiding", "payment.voided"),
            ])
        );
    }
}

#[test]
fn money_that_was_taken_is_captured_or_goes_back() {
    assert_eq!(
        table(|payment| payment.observe(&IntentState::Succeeded, false, now())),
        rows(&[
            ("voiding-unknown", "Refunding"),
            ("begun", "payment.authorized"),
            ("asked", "payment.authorized"),
            ("waiting", "payment.authorized"),
            ("authorized", "later"),
            ("capturing", "payment.captured"),
            ("giving-up", "payment.captured"),
            ("capture-asked", "payment.captured"),
            ("voiding", "Refunding"),
        ])
    );
}

#[test]
fn a_declined_card_is_told_to_the_buyer_once() {
    let seen = IntentState::RequiresPaymentMethod(Some(error("card_declined")));
    let told = rows(&[
        ("begun", "RequiresPayment"),
        ("asked", "RequiresPayment"),
        ("waiting", "RequiresPayment"),
        ("authorized", "later"),
    ]);
    assert_eq!(table(|payment| payment.observe(&seen, false, now())), told);
    let declined = Payment { last_error: Some(error("card_declined")), ..stages().remove(3).1 };
    let again = declined.observe(&seen, false, now()).expect("the next look").next;
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
            &[("voiding-unknown", "payment.voided")],
        ),
        (
            "capture refused",
            |payment| payment.capture_refused(error("card_declined"), now()),
            &[("capturing", "Capturing"), ("capture-asked", "Capturing")],
        ),
        ("refunded", |payment| payment.refunded(now()), &[("refunding", "payment.refunded")]),
    ];
    for (name, command, expected) in commands {
        assert_eq!(table(command), rows(expected), "{name}");
    }
}

#[test]
fn an_intention_is_not_taken_out_of_the_hands_of_somebody_who_is_at_it() {
    let [begun, asked, waiting] = [1, 2, 3].map(|index| stages().remove(index).1);
    assert!(begun.take(true, now()).is_some());
    assert!(asked.take(true, now()).is_none(), "somebody is at it");
    assert!(asked.take(true, now().after(LEASE)).is_some(), "they count as dead");
    assert!(waiting.take(false, now()).is_none(), "it is not time to look");
    assert!(waiting.take(true, now()).is_some(), "there was a hint");
}

#[test]
fn a_failed_attempt_is_repeated_after_growing_pauses() {
    let mut payment = stages().remove(1).1;
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let taken = payment.take(true, now()).expect("an attempt").next;
        payment = taken.missed(&taken, false, now()).expect("a failure").next;
        pauses.push((payment.work.due.expect("a time") - now()).as_secs());
        assert_eq!(payment.idempotency_key("create"), format!("{}-create", payment.id), "the key stays");
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn a_key_under_which_an_error_is_kept_is_not_used_again() {
    let taken = stages().remove(2).1;
    let missed = taken.missed(&taken, true, now()).expect("a failure").next;
    assert_eq!(missed.idempotency_key("create"), format!("{}-create-1", missed.id));
    assert!(missed.missed(&taken, true, now()).is_none(), "the same failure counts once");
}

#[test]
fn looks_become_rarer_until_something_happens() {
    let mut payment = stages().remove(3).1;
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let due = payment.work.due.expect("a time");
        payment = payment.take(false, due).expect("it is due").next;
        payment = payment.observe(&IntentState::UnderWay, false, due).expect("another look").next;
        pauses.push((payment.work.due.expect("a time") - due).as_secs());
    }
    assert_eq!(pauses, [6, 12, 24, 48, 60, 60]);
    let hinted = payment.take(true, now()).expect("a hint").next;
    let seen = hinted.observe(&IntentState::UnderWay, false, now()).expect("another look").next;
    assert_eq!(seen.work.due, Some(now().after(std::time::Duration::from_secs(6))));
}

#[test]
fn the_client_secret_is_not_shown_to_a_log() {
    assert!(!format!("{:?}", stages()).contains("secret_2"));
}
