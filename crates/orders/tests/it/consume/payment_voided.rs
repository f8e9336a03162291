use bus::ConsumeError;
use common::event::PaymentStatus;
use common::{Decision, Event};
use orders::domain::{Order, Status};

use crate::desk::Desk;
use crate::samples::payment;

#[tokio::test]
async fn a_voided_payment_changes_nothing_unless_the_order_relies_on_it() {
    for (status, relies) in [
        (Status::Created, false),
        (Status::AwaitingPayment, false),
        (Status::Paying, true),
        (Status::Complete, true),
    ] {
        let (desk, id) = Desk::with_order().await;
        let order = desk.order(id).await;
        desk.commit(Decision::without_event(Order { status, version: 2, ..order })).await;
        let heard = desk.hear(&Event::PaymentVoided(payment(id, PaymentStatus::Voided))).await;
        assert_eq!(matches!(heard, Err(ConsumeError::Failed(_))), relies, "{status:?}: {heard:?}");
        assert_eq!(desk.order(id).await.version, 2);
    }
}
