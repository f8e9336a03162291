use common::Event;
use common::event::{RefusalReason, ReservationRefused};
use tickets::domain::{ClosedOrder, Outcome};

use super::{BUYER, at, order, order_id, ticket_id, usd};

#[test]
fn a_refusal_is_announced_with_its_reason() {
    let order = order(11, BUYER, usd(2_500));
    for reason in [RefusalReason::TicketUnavailable, RefusalReason::PriceChanged] {
        let decision = ClosedOrder::refuse(&order, reason, at(30));
        assert_eq!(decision.next.outcome, Outcome::Refused(reason));
        let refused = ReservationRefused { ticket_id: ticket_id(), order_id: order_id(11), reason };
        assert_eq!(decision.events, [Event::TicketReservationRefused(refused)]);
    }
}

#[test]
fn a_cancellation_is_remembered_in_silence() {
    let decision = ClosedOrder::cancelled(&order(11, BUYER, usd(2_500)), at(30));
    assert_eq!((decision.next.order, decision.next.outcome), (order_id(11), Outcome::Cancelled));
    assert!(decision.events.is_empty());
}
