//! Scenarios of Stripe's own libraries against the program.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;
use tokio::task::JoinSet;

use crate::app::{launch_program, spawn};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/official").join(name)
}

/// Runs a command against a new simulator and shows its output if it fails.
async fn run(command: &mut Command) {
    let mut tasks = JoinSet::new();
    let (_program, url) = launch_program(&mut tasks, &[]).await;
    command.env("STRIPE_SIM", &url).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = spawn(command).expect("the command starts");
    let output = child.wait_with_output().await.expect("its output");
    let output_text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{}", output_text.concat());
}

#[tokio::test]
async fn stripes_python_library_takes_the_simulator_for_stripe() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join(".tools/python/bin/python");
    let installed = match spawn(Command::new(&python).args(["-c", "import stripe"])) {
        Ok(mut check) => check.wait().await.is_ok_and(|status| status.success()),
        Err(_) => false,
    };
    assert!(installed, "Stripe's Python library is missing: run `cargo xtask setup`");
    let mut command = Command::new(python);
    command.args(["-B", "scenarios.py"]).current_dir(folder("python"));
    run(&mut command).await;
}

#[tokio::test]
async fn stripes_node_library_takes_the_simulator_for_stripe() {
    let folder = folder("node");
    assert!(
        folder.join("node_modules/stripe/package.json").is_file(),
        "Stripe's Node library is missing: run `cargo xtask setup`"
    );
    let mut command = Command::new("node");
    command.args(["--test", "scenarios.test.js"]).current_dir(folder);
    run(&mut command).await;
}
