//! The control page and what its forms, and scripts, do: what Stripe leaves to its dashboard, to banks and to chance.

mod answer;
mod dispute;
mod event;
mod faults;
mod overview;
mod page;
mod payment;
mod resend;

pub(super) use answer::is_browser;
pub(super) use dispute::{decide as decide_dispute, dispute};
pub(super) use event::event;
pub(super) use faults::{clear as clear_faults, set as set_faults};
pub(super) use overview::overview;
pub(super) use page::{challenge, left, settled, style};
pub(super) use payment::payment;
pub(super) use resend::resend;
