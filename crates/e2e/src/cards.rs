//! Stripe's test cards: <https://docs.stripe.com/testing#cards>.

/// Succeeds.
pub const VISA: &str = "4242424242424242";
/// Is declined.
pub const DECLINED: &str = "4000000000000002";
/// Is declined for want of money.
pub const INSUFFICIENT_FUNDS: &str = "4000000000009995";
/// Succeeds, and is disputed three seconds after the money was taken.
pub const DISPUTED: &str = "4000000000000259";
/// Succeeds, and a refund of it seems to succeed and fails.
pub const REFUND_FAILS: &str = "4000000000005126";
/// Asks for 3-D Secure.
pub const THREE_D_SECURE: &str = "4000002500003155";
