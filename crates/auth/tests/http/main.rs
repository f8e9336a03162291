//! The routes below `/api/users`, over the real router.

mod callers;
mod current_user;
mod demonstration;
mod jwks;
mod old_sessions;
mod password;
mod rig;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
mod throttle;
