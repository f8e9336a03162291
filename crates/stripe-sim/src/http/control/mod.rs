//! The control page and its actions for forms and scripts: Stripe's dashboard, the banks and chance.

mod actions;
mod faults;
mod pages;
mod render;

pub(super) use actions::{decide as decide_dispute, dispute, resend};
pub(super) use faults::{clear, clear_form, set, set_form, show};
pub(super) use pages::{event, overview, payment};
pub(super) use render::{is_browser, render};
