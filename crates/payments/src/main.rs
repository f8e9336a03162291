//! `payments`: the service as a process of its own.

use std::process::ExitCode;

use clap::Parser;
use runtime::{Common, run_service};

/// Payments: what the card processor did, and what it shall do next.
#[derive(Parser)]
#[command(name = "payments", version, about)]
struct Options {
    #[command(flatten)]
    common: Common,

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

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    runtime::telemetry::init("info");
    let ran = run_service("payments", options.common, async |kit| {
        let settings = payments::Settings {
            stripe_url: options.stripe_url,
            secret_key: options.stripe_secret_key,
            publishable_key: options.stripe_publishable_key,
            webhook_secrets: options.stripe_webhook_secrets,
            stripe_js: options.stripe_js,
            allow_live: options.stripe_allow_live,
        };
        Ok((payments::service(kit, settings)?, None))
    })
    .await;
    runtime::report("payments", ran)
}
