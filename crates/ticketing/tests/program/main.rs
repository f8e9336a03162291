//! The program as a process: its commands, restarts, dead letters and refunds.

mod command_line;
mod dead_letters;
mod loadgen;
mod metrics;
mod recover;
mod refund;
mod restart;
mod traces;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use common::{Currency, Money, poll_until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ticketing");
const PRICE: Money = Money { amount: 20_00, currency: Currency::Usd };

/// Timeout for the effects of requests and commands.
const EFFECT_TIMEOUT: Duration = Duration::from_secs(90);

/// Runs a command of the program on a data folder.
fn run_command(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("--data-dir").arg(data).args(arguments).output().expect("the program runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Polls until the condition holds.
async fn assert_eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let holds = poll_until(EFFECT_TIMEOUT, || {
        let condition = condition();
        async { Ok::<_, ()>(condition.await.then_some(())) }
    });
    assert_eq!(holds.await, Ok(Some(())), "timeout: {what}");
}
