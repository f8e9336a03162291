//! What can be chosen on the command line or in the environment.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use common::OrderId;
use payments::Settings;
use runtime::{AdminCommand, ServiceArgs};

/// Payments: what the card processor did, and what it shall do next.
#[derive(Parser)]
#[command(name = "payments", version, about)]
pub(crate) struct Options {
    /// Something else than serving.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) common: ServiceArgs,

    #[command(flatten)]
    pub(crate) stripe: Access,
}

/// Something else than serving, in the environment of the service.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Gives back what was paid for an order.
    Refund {
        /// The order's id.
        order: OrderId,
    },
    /// Compares our payments with Stripe's, heals what differs, and tells what it found.
    Reconcile {
        /// How far back, such as `30d`.
        #[arg(long, default_value = "8d", value_parser = runtime::config::duration)]
        window: Duration,
    },
    /// What every service can be asked.
    #[command(flatten)]
    Common(AdminCommand),
}

/// How to reach Stripe.
#[derive(Args)]
#[expect(clippy::struct_field_names, reason = "each is the name of an argument")]
pub(crate) struct Access {
    /// Where Stripe's API is; without it, at Stripe.
    #[arg(long, env = "STRIPE_URL")]
    stripe_url: Option<String>,

    /// Stripe's secret key.
    #[arg(long, env = "STRIPE_SECRET_KEY", hide_env_values = true)]
    stripe_secret_key: String,

    /// The key that the buyer's browser uses.
    #[arg(long, env = "STRIPE_PUBLISHABLE_KEY")]
    stripe_publishable_key: String,

    /// A secret with which webhooks may be signed; may be given several times while secrets are exchanged.
    #[arg(
        long = "stripe-webhook-secret",
        env = "STRIPE_WEBHOOK_SECRET",
        value_delimiter = ',',
        hide_env_values = true
    )]
    stripe_webhook_secrets: Vec<String>,

    /// The script that takes the card in the buyer's browser.
    #[arg(long, env = "STRIPE_JS", default_value = "https://js.stripe.com/v3/")]
    stripe_js: String,

    /// Accept a key that moves real money.
    #[arg(long, env = "STRIPE_ALLOW_LIVE")]
    stripe_allow_live: bool,
}

impl From<Access> for Settings {
    fn from(stripe: Access) -> Self {
        Self {
            stripe_url: stripe.stripe_url,
            secret_key: stripe.stripe_secret_key,
            publishable_key: stripe.stripe_publishable_key,
            webhook_secrets: stripe.stripe_webhook_secrets,
            stripe_js: stripe.stripe_js,
            allow_live: stripe.stripe_allow_live,
        }
    }
}
