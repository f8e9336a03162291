//! Accounts that the program opens by itself.

use auth::domain::EmailFault;
use auth::password::PasswordFault;
use auth::{Config, EnsureError};
use runtime::testing::TestService;

use crate::rig::{self, PASSWORD};

#[tokio::test]
async fn an_account_is_opened_once_and_by_the_rules() {
    let (clock, context) = runtime::testing::context();
    let auth = auth::start(&context, Config::default()).await.expect("it starts");
    let accounts = auth.accounts.clone();
    accounts.ensure("demo@example.com", PASSWORD).await.expect("it is opened");
    accounts.ensure("demo@example.com", "another vexed quartz").await.expect("it is there");
    let weak = accounts.ensure("other@example.com", "password").await;
    assert!(matches!(weak, Err(EnsureError::Password(PasswordFault::Weak))));
    let nowhere = accounts.ensure("other", PASSWORD).await;
    assert!(matches!(nowhere, Err(EnsureError::Email(EmailFault::Syntax))));

    let service = TestService::start_on(clock, context, auth.service, Some(auth.keys)).await;
    assert_eq!(rig::sign_in(&service, "demo", PASSWORD).await.status, 200);
    assert_eq!(rig::sign_in(&service, "demo", "another vexed quartz").await.status, 401);
}
