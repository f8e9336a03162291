use common::event::{AccountSnapshot, CancelReason, DisputeStatus, OrderSnapshot, Word};
use common::{Event, Money};
use mail::{Kind, PendingEmail};
use notifications::domain::{MAX_NEWS_AGE, Notice, OrderEmails, Party, Recipient};
use uuid::Uuid;

use crate::app::{PRICE, buyer, cancelled, completed, order, refunded, seller, start};

fn pending(notice: Notice, number: u128) -> (Notice, PendingEmail) {
    let id = Uuid::from_u128(number);
    let kind = notice.kind(&order());
    let to = if Party::of(&kind) == Party::Buyer { "buyer@example.com" } else { "seller@example.com" };
    let email = PendingEmail {
        id,
        kind,
        to: to.into(),
        message_id: format!("{id}@tickets.example"),
        created_at: start(),
        attempts: 0,
        due: start(),
    };
    (notice, email)
}

#[test]
fn every_end_of_an_order_has_its_notices() {
    let amount = Money { amount: 5_00, ..PRICE };
    let newer = OrderSnapshot { cancel_reason: Some(Word::Unknown("lost".into())), ..order() };
    let disputed = OrderSnapshot { dispute: Some(DisputeStatus::Won.into()), ..order() };
    for (event, expected) in [
        (completed(), vec![Notice::OrderComplete, Notice::TicketSold]),
        (refunded(5_00), vec![Notice::OrderRefunded(amount), Notice::SaleRefunded(amount)]),
        (refunded(0), vec![]),
        (Event::OrderCompleted(disputed), vec![]),
        (cancelled(CancelReason::Expired), vec![Notice::OrderExpired]),
        (cancelled(CancelReason::ByBuyer), vec![]),
        (Event::OrderCancelled(newer), vec![]),
        (Event::OrderCreated(order()), vec![]),
    ] {
        assert_eq!(Notice::of(&event, start()), expected, "{event:?}");
        assert_eq!(Notice::of(&event, start().after(MAX_NEWS_AGE)), expected, "{event:?}");
        let later = start().after(MAX_NEWS_AGE).after(std::time::Duration::from_millis(1));
        assert_eq!(Notice::of(&event, later), [], "{event:?}");
    }
}

#[test]
fn a_notice_causes_one_email() {
    let both = [pending(Notice::OrderComplete, 1), pending(Notice::TicketSold, 2)];
    let first = OrderEmails::add(None, &order(), &both[..1], start()).expect("new").next;
    assert_eq!((first.version, first.recipients().collect::<Vec<_>>()), (1, vec![buyer()]));
    assert_eq!(OrderEmails::add(Some(&first), &order(), &[pending(Notice::OrderComplete, 9)], start()), None);
    let second = OrderEmails::add(Some(&first), &order(), &both, start()).expect("new").next;
    assert_eq!((second.version, second.recipients().collect::<Vec<_>>()), (2, vec![buyer(), seller()]));
    let ids: Vec<_> = second.emails.pending().iter().map(|email| email.id.as_u128()).collect();
    assert_eq!(ids, [1, 2]);
    let sent = second.with_emails(second.emails.sent(Uuid::from_u128(1)).expect("pending")).next;
    assert_eq!(OrderEmails::add(Some(&sent), &order(), &both, start()), None);
}

#[test]
fn a_deleted_account_loses_its_own_emails_only() {
    let both = [pending(Notice::OrderComplete, 1), pending(Notice::TicketSold, 2)];
    let emails = OrderEmails::add(None, &order(), &both, start()).expect("new").next;
    let left = emails.drop_emails_to(seller()).expect("pending").next;
    assert!(matches!(left.emails.pending(), [PendingEmail { kind: Kind::OrderComplete { .. }, .. }]));
    assert_eq!(left.drop_emails_to(seller()), None);
}

#[test]
fn the_replica_of_an_account_keeps_the_newest_version_and_no_deleted_one() {
    let at = |version| AccountSnapshot {
        user_id: buyer(),
        email: format!("{version}@example.com"),
        verified: false,
        locale: None,
        version,
    };
    let known = Recipient::apply(None, &at(5)).expect("new").next;
    assert_eq!((known.version, known.address()), (1, Some("5@example.com")));
    assert_eq!(Recipient::apply(Some(&known), &at(5)), None);
    let newer = Recipient::apply(Some(&known), &at(8)).expect("newer").next;
    assert_eq!((newer.version, newer.as_of, newer.address()), (2, 8, Some("8@example.com")));
    let deleted = Recipient::delete(Some(&newer), buyer()).expect("known").next;
    assert_eq!((deleted.version, deleted.address()), (3, None));
    assert_eq!(Recipient::apply(Some(&deleted), &at(9)), None);
    assert_eq!(Recipient::delete(Some(&deleted), buyer()), None);
    let shown = format!("{newer:?}");
    assert!(!shown.contains("example.com"), "{shown}");
}
