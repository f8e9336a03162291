//! `payments`: the service as a process of its own, and the operator's commands.

mod command;
mod options;

use std::process::ExitCode;

use clap::Parser;
use runtime::run_service;

use crate::options::{Command, Options};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match options.command {
        Some(Command::Refund { order }) => {
            runtime::telemetry::init("warn");
            runtime::report(payments::NAME, command::refund(&options.common.store_url, order).await)
        }
        Some(Command::Reconcile { window }) => {
            runtime::telemetry::init("error");
            let (url, settings) = (options.common.store_url, options.stripe.into());
            runtime::report(payments::NAME, command::reconcile(&url, settings, window).await)
        }
        Some(Command::Common(command)) => {
            runtime::run_admin_command(payments::NAME, &options.common.store_url, &command).await
        }
        None => {
            runtime::telemetry::init("info");
            let ran = run_service(payments::NAME, options.common, async |context| {
                Ok((payments::service(context, options.stripe.into())?, None))
            });
            runtime::report(payments::NAME, ran.await)
        }
    }
}
