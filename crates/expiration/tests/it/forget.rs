use std::time::Duration;

use runtime::testing::TestService;

use crate::samples::{HOLD, cancelled, created, order_id, status};
use expiration::domain::Status;

#[tokio::test]
async fn an_ended_deadline_is_forgotten_after_a_day_and_a_pending_one_never() {
    let service = TestService::start(expiration::service).await;
    let (dropped, fires, pending) = (order_id(1), order_id(2), order_id(3));
    let week = Duration::from_hours(7 * 24);
    for (id, event) in [
        (dropped, created(dropped, HOLD)),
        (dropped, cancelled(dropped, HOLD)),
        (fires, created(fires, HOLD)),
        (pending, created(pending, week)),
    ] {
        assert!(service.receive(id.into(), 1, event).await);
    }
    service.clock.advance(HOLD);
    service.settle().await;
    let known = async || {
        [
            status(&service.context, dropped).await,
            status(&service.context, fires).await,
            status(&service.context, pending).await,
        ]
    };
    let before = [Some(Status::Dropped), Some(Status::Fired), Some(Status::Pending)];
    service.clock.advance(Duration::from_hours(23));
    service.settle().await;
    assert_eq!(known().await, before);
    service.clock.advance(Duration::from_hours(2));
    service.settle().await;
    assert_eq!(known().await, [None, None, Some(Status::Pending)]);
}
