//! The purchase that the README tells people to paste into a terminal.

use std::process::Command;

use e2e::Process;

/// The README's walk-through, at the addresses of this run.
fn walkthrough(program: &Process) -> String {
    let readme = include_str!("../../../README.md");
    let (_, rest) = readme.split_once("```sh walkthrough\n").expect("the walk-through");
    let (script, _) = rest.split_once("```").expect("its end");
    let (marketplace, stripe) = ("http://127.0.0.1:3000", "http://127.0.0.1:12111");
    assert!(script.contains(marketplace) && script.contains(stripe));
    script.replace(marketplace, &program.endpoints.marketplace).replace(stripe, &program.endpoints.stripe)
}

#[test]
fn the_walk_through_of_the_readme_buys_a_ticket() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(env!("CARGO_BIN_EXE_ticketing"), data.path(), &[]);
    let output =
        Command::new("bash").args(["-eu", "-c", &walkthrough(&program)]).output().expect("bash runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = said.lines().collect();
    let [.., confirmed, order, ticket] = lines[..] else { panic!("{said}") };
    assert_eq!(confirmed, "requires_capture");
    assert!(order.contains(r#""status":"complete""#), "{order}");
    assert!(ticket.contains(r#""status":"sold""#), "{ticket}");
}
