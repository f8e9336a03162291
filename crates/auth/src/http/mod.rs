//! The routes of `/api/users`.

mod account;
mod current_user;
mod email;
mod export;
mod jwks;
mod password;
mod password_reset;
mod response;
mod sessions;
mod sign_in;
mod verification;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Accounts;

pub(crate) fn routes(accounts: Accounts) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(sign_in::sign_up))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_in::sign_out))
        .routes(routes!(current_user::current_user))
        .routes(routes!(sessions::list, sessions::revoke_others))
        .routes(routes!(sessions::revoke))
        .routes(routes!(password::change_password))
        .routes(routes!(password_reset::forgotten))
        .routes(routes!(password_reset::reset))
        .routes(routes!(verification::send_verification))
        .routes(routes!(verification::verify))
        .routes(routes!(email::change_email))
        .routes(routes!(account::delete))
        .routes(routes!(export::export))
        .routes(routes!(jwks::jwks))
        .with_state(accounts)
}
