//! Runs scripts with fakes of the programs that would connect to a cluster.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::root;

/// The folder with the state of the fakes.
pub(crate) struct Sandbox(tempfile::TempDir);

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_default()
    }

    /// The command lines of the fakes since the last call.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = self.read("calls").lines().map(str::to_owned).collect();
        self.write("calls", "");
        calls
    }

    /// Runs a script of the repository.
    pub(crate) fn run(
        &self,
        script: &str,
        arguments: &[&str],
        input: &str,
        environment: &[(&str, &str)],
    ) -> Output {
        let fakes = root().join("xtask/tests/services/fakes");
        let path = format!("{}:{}", fakes.display(), std::env::var("PATH").expect("PATH"));
        let mut command = Command::new(root().join(script));
        command.args(arguments).current_dir(root()).env("PATH", path).env("STATE", self.path());
        command.envs(environment.iter().copied());
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect(script);
        // A script that reads no input may have ended already.
        let _ = child.stdin.take().expect("input").write_all(input.as_bytes());
        child.wait_with_output().expect(script)
    }
}

/// Standard output and standard error of a script.
pub(crate) fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
