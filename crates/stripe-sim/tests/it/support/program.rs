//! The program itself.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

/// The running program and its address. Its log is read to the end, as a program must not block or fail on it.
pub(crate) async fn launch(tasks: &mut JoinSet<()>, arguments: &[&str]) -> (Child, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_stripe-sim"));
    program.args(["--listen", "127.0.0.1:0"]).args(arguments);
    program.env("RUST_LOG", "info").stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = program.spawn().expect("a program");
    let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines();
    loop {
        let line = lines.next_line().await.expect("text").expect("it listens before it ends");
        if let Some((_, address)) = line.split_once("listening address=") {
            let url = format!("http://{}", address.trim());
            tasks.spawn(async move {
                while let Ok(Some(line)) = lines.next_line().await {
                    eprintln!("{line}");
                }
            });
            return (child, url);
        }
    }
}
