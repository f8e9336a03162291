//! The routes below `/api/users`.

mod change_password;
mod credentials;
mod current_user;
mod jwks;
mod refusal;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
mod signed_in;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Accounts;

/// The routes.
pub(crate) fn routes(accounts: Accounts) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(sign_up::sign_up))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_out::sign_out))
        .routes(routes!(current_user::current_user))
        .routes(routes!(sessions::list, sessions::revoke_others))
        .routes(routes!(sessions::revoke))
        .routes(routes!(change_password::change_password))
        .routes(routes!(jwks::jwks))
        .with_state(accounts)
}
