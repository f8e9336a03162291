//! Error messages of the program, its commands, and the walk-through of the README.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use e2e::Process;

use crate::{PROGRAM, run_command, stdout};

/// The options of the addresses.
const LISTEN: [&str; 5] =
    ["--listen", "--stripe-listen", "--mail-sim-listen", "--mailbox-listen", "--admin-listen"];

fn serve(data: &Path, arguments: &[&str]) -> Output {
    let ports = LISTEN.into_iter().flat_map(|option| [option, "127.0.0.1:0"]).collect::<Vec<_>>();
    run_command(data, &[&ports[..], arguments].concat())
}

/// Asserts a failure with a message of one line that contains all of these words.
fn assert_refused(output: &Output, words: &[&str]) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it should have failed");
    assert_eq!(message.trim().lines().count(), 1, "{message}");
    for word in words {
        assert!(message.contains(word), "`{word}` is missing in: {message}");
    }
}

#[test]
fn a_port_in_use_is_one_clear_sentence() {
    let (data, taken) = (tempfile::tempdir().expect("a folder"), std::net::TcpListener::bind("127.0.0.1:0"));
    let address = taken.as_ref().expect("a port").local_addr().expect("an address").to_string();
    for option in LISTEN {
        let mut arguments = vec!["--data-dir", data.path().to_str().expect("a path")];
        for other in LISTEN {
            arguments.extend([other, if other == option { &address } else { "127.0.0.1:0" }]);
        }
        let output = Command::new(PROGRAM).args(arguments).output().expect("the program runs");
        assert_refused(&output, &[&address, "in use", option]);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_one_clear_sentence() {
    let data = tempfile::tempdir().expect("a folder");
    fs::write(data.path().join("file"), "not a folder").expect("a file");
    assert_refused(&serve(&data.path().join("file/data"), &[]), &["file/data", "choose another folder"]);
}

#[test]
fn a_broken_database_is_one_clear_sentence_and_is_not_changed() {
    let data = tempfile::tempdir().expect("a folder");
    let file = data.path().join("orders.sqlite");
    fs::write(&file, "this is no database at all, however long one looks at it".repeat(40)).expect("a file");
    let before = fs::read(&file).expect("the file");
    assert_refused(&serve(data.path(), &[]), &["orders.sqlite", "broken", "backup"]);
    assert_eq!(fs::read(&file).expect("the file"), before);
}

#[test]
fn data_and_key_are_for_their_user_only() {
    let mode = |path: &Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
    let folder = tempfile::tempdir().expect("a folder");
    let (data, shared) = (folder.path().join("data"), folder.path().join("shared"));
    for (data, expected) in [(&data, 0o700), (&shared, 0o755)] {
        fs::create_dir(data).expect("a folder");
        fs::set_permissions(data, fs::Permissions::from_mode(0o755)).expect("permitted");
        if expected == 0o755 {
            fs::write(data.join("letter.txt"), "another program's").expect("a file");
        }
        assert!(Process::start(PROGRAM, data, &[]).stop());
        assert_eq!(mode(data), expected, "{}", data.display());
        for file in ["auth.key", "auth.sqlite", "tickets.sqlite"] {
            assert_eq!(mode(&data.join(file)), 0o600, "{file}");
        }
    }
}

#[test]
fn the_simulator_behind_https_is_refused() {
    let data = tempfile::tempdir().expect("a folder");
    let output = serve(data.path(), &["--public-url", "https://tickets.example"]);
    assert_refused(&output, &["https", "simulator", "PUBLIC_URL"]);
}

#[test]
fn a_second_marketplace_on_the_same_data_is_refused() {
    let data = tempfile::tempdir().expect("a folder");
    let _first = Process::start(PROGRAM, data.path(), &[]);
    assert_refused(&serve(data.path(), &[]), &["in use by another process"]);
}

#[test]
fn a_wrong_option_is_explained() {
    let data = tempfile::tempdir().expect("a folder");
    let output = serve(data.path(), &["--hold", "soon"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && message.contains("such as `15m`"), "{message}");
}

#[test]
fn dead_letters_are_listed_with_and_without_a_running_marketplace() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &[]);
    let list = |when: &str| {
        let output = run_command(data.path(), &["dead-letters", "list"]);
        assert!(output.status.success() && stdout(&output).contains("no dead letters"), "{when}: {output:?}");
    };
    list("running");
    let unknown =
        run_command(data.path(), &["dead-letters", "replay", "0192f0c0-7c1e-7e3a-8000-1234567890ab"]);
    assert_refused(&unknown, &["0192f0c0-7c1e-7e3a-8000-1234567890ab", "dead-letters list"]);
    assert!(program.stop());
    list("stopped");
}

#[test]
fn unreadable_documents_are_listed_with_and_without_a_running_marketplace() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &[]);
    let list = |when: &str| {
        let output = run_command(data.path(), &["unreadable", "list"]);
        let none = stdout(&output).contains("no unreadable documents");
        assert!(output.status.success() && none, "{when}: {output:?}");
    };
    list("running");
    assert!(program.stop());
    list("stopped");
}

/// The walk-through of the README with the addresses of this process.
fn walkthrough(program: &Process) -> String {
    let readme = include_str!("../../../../README.md");
    let (_, rest) = readme.split_once("```sh walkthrough\n").expect("the walk-through");
    let (script, _) = rest.split_once("```").expect("its end");
    let (marketplace, stripe) = ("http://127.0.0.1:3000", "http://127.0.0.1:12111");
    assert!(script.contains(marketplace) && script.contains(stripe));
    script.replace(marketplace, &program.endpoints.marketplace).replace(stripe, &program.endpoints.stripe)
}

#[test]
fn the_walk_through_of_the_readme_buys_a_ticket() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &[]);
    let output =
        Command::new("bash").args(["-eu", "-c", &walkthrough(&program)]).output().expect("bash runs");
    let printed = stdout(&output);
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = printed.lines().collect();
    let [.., confirmed, order, ticket] = lines[..] else { panic!("{printed}") };
    assert_eq!(confirmed, "requires_capture");
    assert!(order.contains(r#""status":"complete""#), "{order}");
    assert!(ticket.contains(r#""status":"sold""#), "{ticket}");
}
