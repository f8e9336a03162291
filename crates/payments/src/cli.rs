//! The command line of the service.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use common::OrderId;
use payments::{Config, reconcile};
use runtime::{AdminCommand, AdminTask, BoxError, Service, ServiceArgs, ServiceContext, ServiceStore};

/// Payments: the state of each payment at the card processor, and its next step.
#[derive(Parser)]
#[command(name = "payments", version, about)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) args: ServiceArgs,

    #[command(flatten)]
    pub(crate) stripe: Access,
}

/// A command of the operator.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Refunds the payment of an order.
    Refund {
        /// The order's id.
        order: OrderId,
    },
    /// Compares payments with Stripe, corrects differences, and prints a report.
    Reconcile {
        /// The period to compare, such as `30d`.
        #[arg(long, default_value = "8d", value_parser = runtime::config::duration)]
        window: Duration,
    },
    #[command(flatten)]
    Common(AdminCommand),
}

/// A command with the configuration of the service.
pub(crate) struct Task {
    pub(crate) command: Command,
    pub(crate) config: Config,
}

impl AdminTask for Task {
    fn log_level(&self) -> &'static str {
        // The report of a reconciliation repeats its warnings.
        if matches!(self.command, Command::Reconcile { .. }) || self.is_exclusive() {
            "error"
        } else {
            "warn"
        }
    }

    fn is_exclusive(&self) -> bool {
        matches!(&self.command, Command::Common(command) if command.is_exclusive())
    }

    async fn run(
        self,
        service: &ServiceStore,
        context: &ServiceContext,
        build: impl AsyncFnOnce(&ServiceContext) -> Result<Service, BoxError>,
    ) -> Result<(), BoxError> {
        let recovers = self.is_exclusive();
        match self.command {
            Command::Refund { order } => {
                println!("{}", payments::refund(&context.store, &context.clock, order).await?);
            }
            Command::Reconcile { window } => {
                println!("{}", Box::pin(reconcile(context, self.config.clone(), window)).await?);
            }
            Command::Common(command) => command.run(service, context, build).await?,
        }
        if recovers {
            println!("{}", Box::pin(reconcile(context, self.config, payments::RECOVERY_WINDOW)).await?);
        }
        Ok(())
    }
}

/// The options of access to Stripe.
#[derive(Args)]
#[expect(clippy::struct_field_names, reason = "each is the name of an argument")]
pub(crate) struct Access {
    /// The address of Stripe's API [default: Stripe's own].
    #[arg(long, env = "STRIPE_URL")]
    stripe_url: Option<String>,

    /// Stripe's secret key.
    #[arg(long, env = "STRIPE_SECRET_KEY", hide_env_values = true)]
    stripe_secret_key: String,

    /// Stripe's key for the buyer's browser.
    #[arg(long, env = "STRIPE_PUBLISHABLE_KEY")]
    stripe_publishable_key: String,

    /// A secret that signs webhooks; several, separated by commas, during a rotation.
    #[arg(
        long = "stripe-webhook-secret",
        env = "STRIPE_WEBHOOK_SECRET",
        value_delimiter = ',',
        hide_env_values = true
    )]
    stripe_webhook_secrets: Vec<String>,

    /// The address of Stripe's script for the buyer's browser.
    #[arg(long, env = "STRIPE_JS", default_value = "https://js.stripe.com/v3/")]
    stripe_js: String,

    /// Accept a key that moves real money.
    #[arg(long, env = "STRIPE_ALLOW_LIVE")]
    stripe_allow_live: bool,
}

impl From<Access> for Config {
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
