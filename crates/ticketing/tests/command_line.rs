//! What the program says when it cannot start, and its other commands.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use e2e::Process;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ticketing");

fn run(data: &Path, arguments: &[&str]) -> Output {
    let ports =
        ["--listen", "127.0.0.1:0", "--stripe-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let serving = !arguments.contains(&"dead-letters");
    let mut command = Command::new(PROGRAM);
    command.args(if serving { &ports[..] } else { &[] }).arg("--data-dir").arg(data).args(arguments);
    command.output().expect("the program runs")
}

/// Fails with exactly one sentence that holds all of these words.
fn refuses(output: &Output, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it should have failed");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    for word in words {
        assert!(said.contains(word), "`{word}` is missing in: {said}");
    }
}

#[test]
fn a_port_in_use_is_one_clear_sentence() {
    let (data, taken) = (tempfile::tempdir().expect("a folder"), std::net::TcpListener::bind("127.0.0.1:0"));
    let address = taken.as_ref().expect("a port").local_addr().expect("an address").to_string();
    for option in ["--listen", "--stripe-listen", "--admin-listen"] {
        let mut arguments = vec!["--data-dir", data.path().to_str().expect("a path")];
        for other in ["--listen", "--stripe-listen", "--admin-listen"] {
            arguments.extend([other, if other == option { &address } else { "127.0.0.1:0" }]);
        }
        let output = Command::new(PROGRAM).args(arguments).output().expect("the program runs");
        refuses(&output, &[&address, "in use", option]);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_one_clear_sentence() {
    let data = tempfile::tempdir().expect("a folder");
    fs::write(data.path().join("file"), "not a folder").expect("a file");
    refuses(&run(&data.path().join("file/data"), &[]), &["file/data", "choose another folder"]);
}

#[test]
fn a_broken_database_is_one_clear_sentence_and_is_left_alone() {
    let data = tempfile::tempdir().expect("a folder");
    let file = data.path().join("orders.sqlite");
    fs::write(&file, "this is no database at all, however long one looks at it".repeat(40)).expect("a file");
    let before = fs::read(&file).expect("the file");
    refuses(&run(data.path(), &[]), &["orders.sqlite", "broken", "backup"]);
    assert_eq!(fs::read(&file).expect("the file"), before);
}

#[test]
fn a_second_marketplace_on_the_same_data_is_refused() {
    let data = tempfile::tempdir().expect("a folder");
    let _first = Process::start(PROGRAM, data.path(), &[]);
    refuses(&run(data.path(), &[]), &["in use by another process"]);
}

#[test]
fn a_wrong_option_is_explained() {
    let data = tempfile::tempdir().expect("a folder");
    let output = run(data.path(), &["--hold", "soon"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("such as `15m`"), "{said}");
}

#[test]
fn dead_letters_are_listed_beside_the_running_marketplace_and_without_it() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &[]);
    let list = |when: &str| {
        let output = run(data.path(), &["dead-letters", "list"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains("no dead letters"), "{when}: {output:?}");
    };
    list("running");
    let unknown = run(data.path(), &["dead-letters", "replay", "0192f0c0-7c1e-7e3a-8000-1234567890ab"]);
    refuses(&unknown, &["0192f0c0-7c1e-7e3a-8000-1234567890ab", "dead-letters list"]);
    assert!(program.stop());
    list("stopped");
}
