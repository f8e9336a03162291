//! Tests of the routes of `/api/users` over the real router, and of the workers.

mod activity;
mod app;
mod callers;
mod current_user;
mod email;
mod jwks;
mod password;
mod password_reset;
mod second_factor;
mod security_log;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
mod signing_keys;
mod throttle;
mod timing;
mod tokens;
mod verification;
