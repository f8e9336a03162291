//! `GET /api/users/activity`

use axum::extract::State;
use common::http::responses::{InvalidPage, NotSignedIn};
use common::http::{CurrentUser, Listing, PageQuery};
use common::{Problem, Time};
use serde::Serialize;
use store::Range;
use utoipa::ToSchema;

use crate::Accounts;
use crate::domain::{Activity, What};
use crate::storage::index;

/// An event in the life of the caller's account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Activity)]
pub(super) struct ActivityView {
    /// When it happened.
    at: Time,
    /// The event, such as `sign-in`.
    #[schema(value_type = String)]
    what: What,
    /// The client's IP address.
    address: String,
    /// The `User-Agent` of the browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

impl From<Activity> for ActivityView {
    fn from(Activity { at, what, address, user_agent, .. }: Activity) -> Self {
        Self { at, what, address, user_agent }
    }
}

/// The audit trail of the caller's account, of 90 days, newest first.
#[utoipa::path(
    get,
    path = "/api/users/activity",
    tag = "users",
    params(
        ("limit" = Option<u8>, Query, description = "The page size; 20 by default.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, description = "A page.", body = Listing<ActivityView>), InvalidPage, NotSignedIn),
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    user: CurrentUser,
    page: PageQuery,
) -> Result<Listing<ActivityView>, Problem> {
    let list = format!("activity/{}", user.id);
    let range = Range::of(index::BY_USER, [user.id.into()]).descending();
    let page = accounts.activities.page(range.after(page.after(&list)?).limit(page.limit)).await?;
    Ok(Listing::new(&list, page.items.into_iter().map(ActivityView::from).collect(), page.next))
}
