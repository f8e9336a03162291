//! One short history for each service, with `recover` and, as the negative control, without.

use std::sync::Arc;
use std::time::Duration;

use common::{Clock, Currency, Money, SharedClock, Time};
use e2e::{Person, World, cards};
use serde_json::{Value, json};

use crate::history::{end_all_orders, sign_in};
use crate::marketplace::Restorable;

const PRICE: Money = Money { amount: 20_00, currency: Currency::Usd };

/// A marketplace after the restore of one service's database.
struct Restored {
    /// Holds the databases.
    _marketplace: Restorable,
    world: World,
    buyer: Person,
    /// The order that the buyer has paid since the backup.
    paid: Value,
    /// The order that the buyer has not paid, placed since the backup, if the story is about it.
    unpaid: Option<Value>,
}

async fn placed(world: &World, buyer: &Person, ticket: &Value) -> Value {
    let order = buyer.buys(ticket).await;
    world.settle().await;
    order
}

/// Restores the backup of a service of before a payment.
async fn restored(service: &str, recovers: bool) -> Restored {
    let (mut marketplace, world) = Restorable::start(7).await;
    let (seller, buyer) = world.two_people().await;
    let tickets = [seller.sells("Concert", PRICE).await, seller.sells("Play", PRICE).await];
    world.settle().await;
    // Orders knows the order; the other services have lost it.
    let (paid, unpaid) = if service == "orders" {
        let order = placed(&world, &buyer, &tickets[0]).await;
        marketplace.back_up(service);
        (order, None)
    } else {
        marketplace.back_up(service);
        let order = placed(&world, &buyer, &tickets[0]).await;
        (order, Some(placed(&world, &buyer, &tickets[1]).await))
    };
    buyer.pays(&paid, cards::VISA).await;
    world.poll_until("paid", async || buyer.order(&paid).await["status"] == "complete").await;
    // The next commit of a service removes published events from its outbox; otherwise its start publishes them again.
    let next = seller.sells("Opera", PRICE).await;
    world.settle().await;
    buyer.cancels(&placed(&world, &buyer, &next).await).await;
    world.settle().await;

    marketplace.stop(world).await;
    marketplace.restore(service);
    if recovers {
        let summary = marketplace.recover(service).await;
        assert!(summary.refused.is_empty(), "{summary} {:?}", summary.refused);
    }
    let world = marketplace.start_again().await;
    world.settle().await;
    let buyer = buyer.at(&world.endpoints);
    Restored { _marketplace: marketplace, world, buyer, paid, unpaid }
}

impl Restored {
    /// Lets all orders end, and asserts that this violation was found, or none.
    async fn assert_violation(self, violation: Option<&str>) {
        end_all_orders(&self.world).await;
        sign_in(&self.world).await;
        let Some(violation) = violation else {
            let audit = self.world.finish().await;
            assert_eq!((audit.complete, audit.open), (1, 0), "{audit:?}");
            return;
        };
        let (_, found) = self.world.violations().await;
        assert!(found.iter().any(|one| one.contains(violation)), "{found:?}");
    }
}

#[tokio::test]
async fn a_restored_tickets_does_not_offer_a_sold_ticket_again() {
    for (recovers, violation) in [(true, None), (false, Some("was paid and is"))] {
        restored("tickets", recovers).await.assert_violation(violation).await;
    }
}

#[tokio::test]
async fn a_restored_orders_does_not_expire_a_paid_order() {
    for (recovers, violation) in [(true, None), (false, Some("its money was captured 1 times"))] {
        restored("orders", recovers).await.assert_violation(violation).await;
    }
}

#[tokio::test]
async fn a_restored_payments_books_the_money_that_stripe_has_captured() {
    for (recovers, violation) in [(true, None), (false, Some("by the ledger Stripe holds"))] {
        restored("payments", recovers).await.assert_violation(violation).await;
    }
}

#[tokio::test]
async fn a_restored_payments_can_refund_what_was_paid_since_the_backup() {
    let Restored { world, buyer, paid, _marketplace, .. } = restored("payments", true).await;
    let clock: SharedClock = Arc::new(world.clock.clone());
    let id = paid["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    payments::refund(world.payments(), &clock, id).await.expect("a captured payment");
    world.advance(Duration::from_secs(6)).await;
    let shows_refund = async || buyer.order(&paid).await["refunded"] == json!(PRICE);
    world.poll_until("the order shows the refund", shows_refund).await;
    end_all_orders(&world).await;
    world.finish().await;
}

#[tokio::test]
async fn a_restored_expiration_ends_the_hold_of_an_order_that_it_had_lost() {
    for (recovers, status) in [(true, "cancelled"), (false, "awaiting-payment")] {
        let Restored { world, buyer, unpaid, _marketplace, .. } = restored("expiration", recovers).await;
        let unpaid = unpaid.expect("an order");
        let deadline: Time = unpaid["expiresAt"].as_str().and_then(|time| time.parse().ok()).expect("a time");
        // Orders expires the order by its own clock, later than expiration.
        world.advance(deadline.after(Duration::from_secs(1)) - world.clock.now()).await;
        assert_eq!(buyer.order(&unpaid).await["status"], status);
        buyer.cancels(&unpaid).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_restored_auth_does_not_revive_a_session_that_was_revoked_since_the_backup() {
    for recovers in [true, false] {
        let (mut marketplace, world) = Restorable::start(7).await;
        let (thief, _) = world.two_people().await;
        let owner = thief.on_another_device();
        owner.signs_in().await;
        marketplace.back_up("auth");
        // The session is refreshed, so its tokens expire later than the backup knows.
        world.advance(Duration::from_mins(6)).await;
        thief.get("/api/users/currentuser").await;
        let revoked = owner.request(reqwest::Method::DELETE, "/api/users/sessions", None).await;
        assert!((200..300).contains(&revoked.status), "{}", revoked.json);
        world.settle().await;

        marketplace.stop(world).await;
        marketplace.restore("auth");
        if recovers {
            let summary = marketplace.recover("auth").await;
            // Three sessions, and their two users.
            assert_eq!((summary.raised, summary.refused.len()), (5, 0), "{summary}");
        }
        let world = marketplace.start_again().await;
        // Past the last token of before the revocation: the session has to be refreshed.
        world.advance(Duration::from_mins(16)).await;
        let current = thief.at(&world.endpoints).get("/api/users/currentuser").await;
        assert_eq!(current.json["currentUser"].is_null(), recovers, "{}", current.json);
        assert_eq!(owner.at(&world.endpoints).signs_in().await.status, 200);
        world.stop().await;
    }
}
