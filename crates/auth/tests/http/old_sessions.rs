//! Sessions that are over are removed.

use std::time::Duration;

use runtime::testing::TestService;
use serde_json::Value;

use crate::rig;

const DAY: Duration = Duration::from_hours(24);

async fn is_stored(service: &TestService, token: &str) -> bool {
    let backend = service.context.store.backend();
    backend.get("sessions", rig::claims(token).sid.into()).await.expect("the database").is_some()
}

#[tokio::test]
async fn a_session_is_kept_while_it_lives_and_removed_after() {
    let service = rig::start().await;
    let idle = rig::sign_up(&service, "ann").await;
    service.clock.advance(6 * DAY);
    service.settle().await;
    let used = rig::token(&rig::sign_in(&service, "ann", rig::PASSWORD).await).expect("a cookie");
    assert!(is_stored(&service, &idle).await);
    service.clock.advance(DAY + Duration::from_hours(1));
    service.settle().await;
    assert!(!is_stored(&service, &idle).await);
    assert!(is_stored(&service, &used).await);
}

#[tokio::test]
async fn a_revoked_session_is_kept_until_its_tokens_have_run_out() {
    let service = rig::start().await;
    let token = rig::sign_up(&service, "ann").await;
    rig::with(&service, &token).post("/api/users/signout", Value::Null).await;
    service.clock.advance(Duration::from_mins(14));
    service.settle().await;
    assert!(is_stored(&service, &token).await);
    service.clock.advance(Duration::from_hours(1));
    service.settle().await;
    assert!(!is_stored(&service, &token).await);
}
