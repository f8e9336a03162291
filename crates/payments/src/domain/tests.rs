use common::event::{DisputeStatus, OrderStatus, OrderedTicket};
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
        },
        status: OrderStatus::AwaitingPayment,
        cancel_reason: None,
        refunded: None,
        dispute: None,
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
        let Some(Decision { next, events }) = command(&payment) else { continue };
        assert_eq!(next.version, payment.version + 1, "{stage}");
        for event in &events {
            let snapshot = match event {
                Event::PaymentAuthorized(it)
                | Event::PaymentCaptured(it)
                | Event::PaymentFailed(it)
                | Event::PaymentVoided(it)
                | Event::PaymentRefunded(it) => it,
                other => panic!("a payment does not announce {other:?}"),
            };
            assert_eq!(*snapshot, next.snapshot(), "{stage}");
        }
        let is_final = matches!(
            next.status,
            PaymentStatus::Captured | PaymentStatus::Failed | PaymentStatus::Voided | PaymentStatus::Refunded
        );
        // A refund that the bank did not take is for a person.
        let is_stuck = stage == "refunded";
        assert_eq!(
            next.work.due.is_none(),
            is_final || is_stuck,
            "{stage}: something is to do until it is final"
        );
        let seen_by_buyer = (next.status, &next.last_error) != (payment.status, &payment.last_error);
        let words = match events.first() {
            Some(event) => event.subject().to_string(),
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
        table(|payment| payment.observe(&succeeded(0), false, now())),
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
            ("refunding", "later"),
            ("captured", "later"),
            ("failed", "Refunding"),
            ("voided", "Refunding"),
            ("refunded", "payment.refunded"),
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
        ("refund", |payment| payment.refund(now()).ok().flatten(), &[("captured", "Refunding")]),
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
        payment = taken.missed(&taken, false, None, now()).expect("a failure").next;
        pauses.push((payment.work.due.expect("a time") - now()).as_secs());
        assert_eq!(payment.idempotency_key("create"), format!("{}-create", payment.id), "the key stays");
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn a_longer_pause_is_made_if_the_card_processor_asks_for_it() {
    let payment = stages().remove(1).1;
    let taken = payment.take(true, now()).expect("an attempt").next;
    for (asked, seconds) in [(0, 1), (7, 7), (86_400, 900)] {
        let asked = Some(std::time::Duration::from_secs(asked));
        let missed = taken.missed(&taken, false, asked, now()).expect("a failure").next;
        assert_eq!((missed.work.due.expect("a time") - now()).as_secs(), seconds, "{asked:?}");
    }
}

#[test]
fn a_key_under_which_an_error_is_kept_is_not_used_again() {
    let taken = stages().remove(2).1;
    let missed = taken.missed(&taken, true, None, now()).expect("a failure").next;
    assert_eq!(missed.idempotency_key("create"), format!("{}-create-1", missed.id));
    assert!(missed.missed(&taken, true, None, now()).is_none(), "the same failure counts once");
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

fn succeeded(refunded: i64) -> IntentState {
    IntentState::Succeeded(Moved { taken: 2500, refunded, ..Moved::default() })
}

/// Any state of a `PaymentIntent`, by dice.
fn any_state(dice: &mut impl FnMut(u64) -> u64) -> IntentState {
    match dice(8) {
        0 => IntentState::RequiresPaymentMethod(None),
        1 => IntentState::RequiresCapture,
        2 => IntentState::Canceled,
        3 => IntentState::UnderWay,
        _ => {
            let dispute = match dice(6) {
                0 => Some(DisputeStatus::Open),
                1 => Some(DisputeStatus::Won),
                2 => Some(DisputeStatus::Lost),
                _ => None,
            };
            let withdrawn = match dispute {
                Some(DisputeStatus::Open | DisputeStatus::Lost) => 1000,
                _ => 0,
            };
            let refunded = [0, 0, 700, 1500, 2500][usize::try_from(dice(5)).expect("small")];
            let fees = i64::try_from(dice(3)).expect("small") * 103;
            IntentState::Succeeded(Moved { taken: 2500, refunded, withdrawn, fees, dispute })
        }
    }
}

/// Whatever anybody may ask of a payment, by dice.
fn anything(payment: &Payment, dice: &mut impl FnMut(u64) -> u64) -> Option<Decision<Payment>> {
    match dice(10) {
        9 => payment.refund_refused(now()),
        0 => payment.take(true, now()),
        1 => payment.adopt(intent(), now()),
        2 => payment.order_accepted(now()),
        3 if dice(4) == 0 => payment.order_cancelled(now()),
        4 => payment.capture_refused(error("card_declined"), now()),
        5 => payment.refund(now()).ok().flatten(),
        6 => payment.nothing_was_created(now()),
        _ => payment.observe(&any_state(dice), dice(8) == 0, now()),
    }
}

/// In any sequence of changes each entry balances, entries are only appended, and the books say what the state says:
/// the account `stripe` is what Stripe said that it holds.
#[test]
fn the_books_balance_and_explain_what_stripe_holds_whatever_happens() {
    let mut entries = 0;
    for seed in 1_u64..=2_000 {
        let mut roll = seed;
        // Knuth's generator for 64 bits; its high bits are good dice.
        let mut dice = |sides: u64| {
            roll = roll.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (roll >> 33) % sides
        };
        let mut payment = Payment::begin(Uuid::from_u128(9).into(), &order(), now()).next;
        for step in 0..60 {
            let Some(Decision { next, .. }) = anything(&payment, &mut dice) else { continue };
            let trace = format!("seed {seed}, step {step}: {:?} to {:?}", payment.status, next.status);
            assert!(next.ledger.starts_with(&payment.ledger), "{trace}: the past was changed");
            for entry in &next.ledger[payment.ledger.len()..] {
                let sum: i64 = entry.postings.iter().map(|posting| posting.amount).sum();
                assert_eq!((sum, entry.version), (0, next.version), "{trace}: {entry:?}");
                assert!(entry.postings.len() >= 2, "{trace}: {entry:?}");
            }
            assert_eq!(next.balances(), next.position(), "{trace}: the books lag behind");
            let held = next.balances().get(&Account::Stripe).copied().unwrap_or(0);
            assert_eq!(held, next.moved.held(), "{trace}");
            payment = next;
        }
        entries += payment.ledger.len();
    }
    assert!(entries > 2_000, "the dice hardly ever moved money: {entries}");
}

#[test]
fn a_sale_that_is_refunded_leaves_nothing_owed() {
    let mut capturing = stages().remove(6).1;
    capturing.status = PaymentStatus::Capturing;
    let seller = Account::Seller(capturing.seller_id);
    let captured = capturing.observe(&succeeded(0), false, now()).expect("a capture").next;
    assert_eq!(captured.balances(), [(Account::Stripe, 2500), (seller, -2500)].into());
    let refunding = captured.refund(now()).expect("it may").expect("it is new").next;
    let buyer = Account::Buyer(refunding.buyer_id);
    assert_eq!(refunding.balances(), [(Account::Stripe, 2500), (buyer, -2500)].into());
    let refunded = refunding.observe(&succeeded(2500), false, now()).expect("it went back").next;
    assert_eq!((refunded.status, refunded.balances()), (PaymentStatus::Refunded, [].into()));
    assert_eq!(refunded.ledger.len(), 3);
}

#[test]
fn a_refund_that_the_bank_does_not_take_waits_for_a_person_and_is_another_one_the_next_time() {
    let refunded =
        Payment { moved: Moved { taken: 2500, refunded: 2500, ..Moved::default() }, ..stages().remove(13).1 };
    let failed = refunded.observe(&succeeded(0), true, now()).expect("news").next;
    assert_eq!((failed.status, failed.work.due), (PaymentStatus::Refunding, None));
    let again = failed.refund(now()).expect("it may").expect("it is new").next;
    assert!(again.work.due.is_some());
    assert_ne!(again.idempotency_key("refund"), refunded.idempotency_key("refund"));
}

#[test]
fn what_a_bank_has_withdrawn_is_not_given_back_a_second_time() {
    let captured = stages().remove(10).1;
    let disputed = |status, withdrawn| {
        let moved = Moved { taken: 2500, withdrawn, dispute: Some(status), ..Moved::default() };
        captured.observe(&IntentState::Succeeded(moved), false, now()).expect("news")
    };
    for (status, withdrawn, seller_gets) in
        [(DisputeStatus::Open, 2500, 2500), (DisputeStatus::Lost, 2500, 0), (DisputeStatus::Won, 0, 2500)]
    {
        let Decision { next, events } = disputed(status, withdrawn);
        assert!(matches!(&events[..], [Event::PaymentDisputed(told)] if told.dispute == Some(status)));
        assert_eq!(next.refund(now()).is_err(), status != DisputeStatus::Won);
        let owed = next.balances().get(&Account::Seller(next.seller_id)).copied().unwrap_or(0);
        assert_eq!(owed, -seller_gets, "{status:?}");
    }
}
