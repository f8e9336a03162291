//! The browser tests: the real program in a real browser.

use std::path::PathBuf;

use crate::run::{Failed, cargo, program_in, root};
use crate::setup::{self, BROWSER};

/// Builds the program and runs the tests whose names contain `filter`; all of them without one.
pub(crate) fn run(filter: Option<&str>) -> Result<(), Failed> {
    cargo(&["build", "--package", "ticketing"], &[])?;
    run_built(filter)
}

/// Runs the tests against the program as it was built last.
pub(crate) fn run_built(filter: Option<&str>) -> Result<(), Failed> {
    let tools = setup::browser()?;
    let ticketing = ticketing()?;
    let mut arguments = vec!["--test", "--test-reporter=spec"];
    let pattern = filter.map(|filter| format!("--test-name-pattern={filter}"));
    arguments.extend(pattern.as_deref());
    // Named: what node finds by itself differs between its versions.
    let files = test_files()?;
    arguments.extend(files.iter().map(String::as_str));
    let environment = [("CHROME", tools.chromium.as_os_str()), ("TICKETING", ticketing.as_os_str())];
    program_in(&root().join(BROWSER), "node", &arguments, &environment)
}

/// The program lies beside this one, since cargo built both.
fn ticketing() -> Result<PathBuf, Failed> {
    let here =
        std::env::current_exe().map_err(|error| Failed(format!("xtask cannot find itself: {error}")))?;
    let program = here.with_file_name(format!("ticketing{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    Err(Failed(format!("{} is missing; build it with `cargo build --package ticketing`", program.display())))
}

fn test_files() -> Result<Vec<String>, Failed> {
    let folder = root().join(BROWSER);
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| Failed(format!("{} cannot be read: {error}", folder.display())))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut tests: Vec<_> = names.filter(|name| name.ends_with(".test.js")).collect();
    tests.sort();
    Ok(tests)
}
