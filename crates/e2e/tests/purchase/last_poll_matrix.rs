//! Every order of confirmation, deadline, webhook, poll and outage, by the decisions of orders and payments alone.

use std::time::Duration;

use common::event::{CancelReason, OrderStatus, PaymentStatus, TicketSnapshot, TicketStatus};
use common::{Currency, Decision, Event, Money, Time};
use orders::domain::{LAST_POLL_TIMEOUT, Order, Status, TicketReplica};
use payments::domain::{ClientSecret, Intent, IntentState, Payment, RunWhen};
use uuid::Uuid;

/// One thing that happens, a second after the one before it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Happening {
    Confirm,
    Deadline,
    Webhook,
    Poll,
    StripeDown,
    StripeUp,
}

use Happening::{Confirm, Deadline, Poll, StripeDown, StripeUp, Webhook};

/// How events travel from payments to orders.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Delivery {
    AtOnce,
    /// At the end, latest first, each twice.
    LateAndReversed,
}

fn start() -> Time {
    "2026-11-22T10:00:00.250Z".parse().expect("a time")
}

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

/// An order that awaits payment until `expires_at`, and its payment with a `PaymentIntent`.
struct Model {
    now: Time,
    order: Order,
    payment: Payment,
    confirmed_at: Option<Time>,
    is_down: bool,
    /// Whether Stripe's answer about the confirmed card arrived before the order had to expire.
    is_known: bool,
    delivery: Delivery,
    /// Events of payments that orders has not received.
    sent: Vec<Event>,
}

impl Model {
    fn new(expires_at: Time, delivery: Delivery) -> Self {
        let price = Money { amount: 2500, currency: Currency::Usd };
        let ticket = TicketSnapshot {
            id: id(1),
            title: "Concert".into(),
            venue: None,
            starts_at: None,
            description: None,
            price,
            seller_id: id(2),
            status: TicketStatus::Available.into(),
            order_id: None,
            reserved_until: None,
            version: 1,
            created_at: start(),
            updated_at: start(),
            overdue: false,
        };
        let replica = TicketReplica::apply(None, &ticket).expect("new").next;
        let hold = expires_at - start();
        let placed = Order::place(id(3), id(4), &replica, price, start(), hold).expect("placed").next;
        let order = placed.on_ticket_reserved(start()).expect("a change").next;
        let order = order.on_payment_started().expect("a change").next;
        let begun = Payment::begin(id(5), &order.snapshot(), start()).next;
        let intent = Intent { id: "pi_1".into(), client_secret: ClientSecret("pi_1_secret".into()) };
        let payment = begun.adopt(intent, start()).expect("a change").next;
        let (confirmed_at, is_down, is_known) = (None, false, false);
        Self { now: start(), order, payment, confirmed_at, is_down, is_known, delivery, sent: vec![] }
    }

    fn happens(&mut self, what: Happening) {
        match what {
            // Stripe's times are whole seconds. A canceled `PaymentIntent` takes no card.
            Confirm => self.confirmed_at = Some(Time::from_millis(self.now.as_millis() / 1000 * 1000)),
            Deadline => {
                let decision = self.payment.on_deadline(self.order.expires_at, self.now);
                self.commit(decision);
                if let Ok(Some(decision)) = self.order.expire(self.now) {
                    self.decide(decision);
                }
            }
            Webhook => self.poll(RunWhen::Now),
            Poll => self.poll(RunWhen::Due),
            StripeDown => self.is_down = true,
            StripeUp => self.is_down = false,
        }
    }

    /// Polls Stripe as a step does.
    fn poll(&mut self, when: RunWhen) {
        let is_polled =
            matches!(self.payment.status, PaymentStatus::RequiresPayment | PaymentStatus::Authorized);
        let leased = match when {
            RunWhen::Now => self.payment.hinted(self.now),
            RunWhen::Due => self.payment.lease(when, self.now).map(|decision| decision.next),
        };
        let Some(leased) = leased.filter(|_| is_polled) else { return };
        self.payment = leased.clone();
        if self.is_down {
            let failed = self.payment.attempt_failed(&leased, false, None, self.now);
            return self.commit(failed);
        }
        self.is_known |= self.confirmed_at.is_some() && self.order.status == Status::AwaitingPayment;
        let state = match self.confirmed_at {
            Some(at) => IntentState::RequiresCapture { authorized_at: Some(at) },
            None => IntentState::RequiresPaymentMethod(None),
        };
        let is_over = matches!(self.order.status, Status::Cancelled(_));
        let followed = self.payment.on_poll(&state, self.now, is_over, self.now);
        self.commit(followed);
    }

    fn commit(&mut self, decision: Option<Decision<Payment>>) {
        let Some(Decision { next, events }) = decision else { return };
        assert!(next.version > self.payment.version);
        self.payment = next;
        self.sent.extend(events);
        if self.delivery == Delivery::AtOnce {
            self.deliver();
        }
    }

    fn deliver(&mut self) {
        let mut sent = std::mem::take(&mut self.sent);
        if self.delivery == Delivery::LateAndReversed {
            sent.reverse();
            sent.extend(sent.clone());
        }
        for event in sent {
            let decision = match event {
                Event::PaymentAuthorized(it) => self.order.accept_payment(it.authorized_at, self.now),
                Event::PaymentNotAuthorized(_) => Ok(self.order.on_payment_not_authorized(self.now)),
                Event::PaymentVoided(_) => self.order.on_payment_voided(),
                Event::PaymentStarted(_) => Ok(self.order.on_payment_started()),
                other => panic!("{other:?}"),
            };
            if let Some(decision) = decision.expect("neither early nor a violation") {
                self.decide(decision);
            }
        }
    }

    fn decide(&mut self, Decision { next, .. }: Decision<Order>) {
        self.order = next;
        let status = self.order.wire_status().0;
        let followed = self.payment.on_order_event(&status.into(), self.now);
        self.commit(followed);
    }

    /// Lets due polls run, a quarter of a second at a time, until the order must be decided.
    fn time_passes(&mut self) {
        let end = self.order.expires_at.after(LAST_POLL_TIMEOUT);
        while self.now < end {
            self.now = self.now.after(Duration::from_millis(250));
            if self.now < end {
                self.poll(RunWhen::Due);
            }
        }
        self.deliver();
        if let Ok(Some(decision)) = self.order.expire(self.now) {
            self.decide(decision);
        }
        self.deliver();
    }
}

fn permutations(items: &[Happening]) -> Vec<Vec<Happening>> {
    if items.is_empty() {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for (place, first) in items.iter().enumerate() {
        let rest = [&items[..place], &items[place + 1..]].concat();
        all.extend(permutations(&rest).into_iter().map(|tail| [vec![*first], tail].concat()));
    }
    all
}

#[test]
fn a_payment_that_was_authorized_in_time_and_known_in_time_buys_the_ticket_and_no_other_one() {
    let (mut bought, mut expired) = (0, 0);
    let histories = permutations(&[Confirm, Deadline, Webhook, Poll, StripeDown, StripeUp]);
    // The shortest distance puts what follows the deadline into its own second, which is in time.
    for (distance, delivery) in [
        (Duration::from_secs(1), Delivery::AtOnce),
        (Duration::from_secs(1), Delivery::LateAndReversed),
        (Duration::from_millis(100), Delivery::AtOnce),
        (Duration::from_millis(100), Delivery::LateAndReversed),
        (Duration::from_secs(3), Delivery::AtOnce),
    ] {
        for history in &histories {
            let position = history.iter().position(|what| *what == Deadline).expect("a deadline");
            let steps = u32::try_from(position + 1).expect("few");
            let mut model = Model::new(start().after(distance * steps), delivery);
            for what in history {
                model.now = model.now.after(distance);
                model.happens(*what);
            }
            model.time_passes();
            let second = |time: Time| time.as_millis() / 1000;
            let in_time = model.confirmed_at.is_some_and(|at| second(at) <= second(model.order.expires_at));
            let (order, payment) = (model.order.status, model.payment.status);
            if in_time && model.is_known {
                assert_eq!(
                    (order, payment),
                    (Status::Paying, PaymentStatus::Capturing),
                    "{distance:?} {delivery:?} {history:?}"
                );
                bought += 1;
            } else {
                let end = Status::Cancelled(CancelReason::Expired);
                assert_eq!(order, end, "{distance:?} {delivery:?} {history:?}");
                assert!(
                    matches!(payment, PaymentStatus::Voiding | PaymentStatus::Voided),
                    "{distance:?} {delivery:?} {history:?}: {payment:?}"
                );
                expired += 1;
            }
            assert_ne!(model.order.wire_status().0, OrderStatus::AwaitingPayment, "every order is decided");
        }
    }
    assert!(bought > 500 && expired > 500, "{bought} bought, {expired} expired");
}
