//! The routes of `/api/users`.

mod activity;
mod current_user;
mod email;
mod jwks;
mod password;
mod password_reset;
mod reauthentication;
mod response;
mod sessions;
mod sign_in;
mod sign_in_factor;
mod totp;
mod verification;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Accounts;

pub(crate) fn routes(accounts: Accounts) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(sign_in::sign_up))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_in_factor::sign_in_with_code))
        .routes(routes!(sign_in::sign_out))
        .routes(routes!(current_user::current_user))
        .routes(routes!(sessions::list, sessions::revoke_others))
        .routes(routes!(sessions::revoke))
        .routes(routes!(password::change_password))
        .routes(routes!(reauthentication::reauthenticate))
        .routes(routes!(totp::show, totp::begin, totp::remove))
        .routes(routes!(totp::confirm))
        .routes(routes!(activity::list))
        .routes(routes!(password_reset::forgotten))
        .routes(routes!(password_reset::reset))
        .routes(routes!(verification::send_verification))
        .routes(routes!(verification::verify))
        .routes(routes!(email::change_email))
        .routes(routes!(jwks::jwks))
        .with_state(accounts)
}
