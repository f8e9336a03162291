//! `cargo xtask browser`: tests of the program in a real browser.

use std::path::PathBuf;

use crate::run::{TaskError, cargo, program_in, root, unusable};
use crate::setup::{self, BROWSER_TESTS};

/// Builds the program and runs the tests whose names match `filter`; without a filter, all of them.
pub(crate) fn run(filter: Option<&str>) -> Result<(), TaskError> {
    cargo(&["build", "--package", "ticketing"], &[])?;
    run_built(filter)
}

/// Runs the tests with the program of the last build.
pub(crate) fn run_built(filter: Option<&str>) -> Result<(), TaskError> {
    let chromium = setup::browser()?;
    let ticketing = ticketing()?;
    let mut arguments = vec!["--test", "--test-reporter=spec"];
    let pattern = filter.map(|filter| format!("--test-name-pattern={filter}"));
    arguments.extend(pattern.as_deref());
    // The files are named because node versions differ in which ones they find.
    let files = test_files()?;
    arguments.extend(files.iter().map(String::as_str));
    let environment = [("CHROME", chromium.as_os_str()), ("TICKETING", ticketing.as_os_str())];
    program_in(&root().join(BROWSER_TESTS), "node", &arguments, &environment)
}

/// The program, which cargo builds into the folder of xtask.
fn ticketing() -> Result<PathBuf, TaskError> {
    let xtask =
        std::env::current_exe().map_err(|error| TaskError(format!("xtask cannot find itself: {error}")))?;
    let program = xtask.with_file_name(format!("ticketing{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    let path = program.display();
    Err(TaskError(format!("{path} is missing; build it with `cargo build --package ticketing`")))
}

fn test_files() -> Result<Vec<String>, TaskError> {
    let folder = root().join(BROWSER_TESTS);
    let entries = std::fs::read_dir(&folder).map_err(unusable(&folder))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut tests: Vec<_> = names.filter(|name| name.ends_with(".test.js")).collect();
    tests.sort();
    Ok(tests)
}
