//! Schemathesis against the `OpenAPI` documents: valid and invalid requests made from the schemas, with a session and
//! without. No request causes a 5xx, and each reply is as documented.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use futures::future::join_all;
use tokio::process::Command;

use crate::fixture::Fixture;
use crate::routes::PREFIXES;

/// The number of requests of a kind to each operation, so that all services together take about a minute.
const MAX_EXAMPLES: &str = "20";
/// Without `examples`: the documents have few, which are made into requests as slowly as all others.
const PHASES: &str = "coverage,fuzzing,stateful";

fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/python/bin/st")
}

/// Runs schemathesis against one service, as this user. Returns its report if it found a defect.
async fn defects(base: &str, prefix: &str, cookie: &str, work: &Path) -> Option<String> {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/schemathesis/schemathesis.toml");
    let document = format!("{base}{prefix}/openapi.json");
    let mut command = Command::new(program());
    command.arg("--config-file").arg(config).args([
        "run",
        &document,
        "--max-examples",
        MAX_EXAMPLES,
        "--phases",
        PHASES,
    ]);
    // An event stream does not end.
    command.args(["--exclude-path-regex", "/events$"]);
    command.env("SESSION", cookie.split_once('=').expect("a cookie").1).current_dir(work);
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = output.expect("schemathesis is missing: run `cargo xtask setup`");
    let report =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(report.contains("Test cases:"), "{prefix}: {report}");
    (!output.status.success()).then(|| format!("{prefix}:\n{report}"))
}

#[tokio::test]
async fn requests_made_from_the_documents_get_the_replies_of_the_documents() {
    let fixture = Fixture::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let base = &fixture.world.endpoints.marketplace;
    // At auth a user of its own, whose sessions may end, and whose wrong passwords are counted.
    let other = fixture.passer_by("schemathesis").await;
    let cookies = PREFIXES
        .into_iter()
        .filter(|prefix| *prefix != "/api/expiration")
        .map(|prefix| (prefix, if prefix == "/api/users" { other.cookie() } else { fixture.buyer.cookie() }));
    let runs = cookies.map(async |(prefix, cookie)| defects(base, prefix, &cookie, folder.path()).await);
    let reports: Vec<_> = join_all(runs).await.into_iter().flatten().collect();
    assert!(reports.is_empty(), "{}", reports.join("\n"));
    fixture.world.finish().await;
}
