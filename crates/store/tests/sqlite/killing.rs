//! What was acknowledged survives the death of the process.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::support::{announced, has, insert};
use store::Backend;
use store::sqlite::SqliteBackend;
use tokio::task::JoinSet;

const THIS_TEST: &str = "killing::every_acknowledged_commit_survives_kill_9";
/// Set in the process that is going to be killed: the database, and the first number that it writes.
const DATABASE: &str = "STORE_TEST_DATABASE";
const FIRST: &str = "STORE_TEST_FIRST";
/// So many numbers one process has for each of its writers.
const SHARE: u32 = 100_000;
const WRITERS: u32 = 16;

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_commit_survives_kill_9() {
    if let Ok(database) = std::env::var(DATABASE) {
        let first = std::env::var(FIRST).unwrap().parse().unwrap();
        return commit_until_killed(Path::new(&database), first).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let mut acknowledged = Vec::new();
    // Different moments: at once, in the midst, after checkpoints of the log.
    for (round, commits) in (0..).zip([1, 300, 3000]) {
        acknowledged.extend(run_and_kill(&path, round * WRITERS * SHARE, commits));
        let backend = SqliteBackend::open(&path).unwrap();
        let announced = announced(&backend).await;
        for number in &acknowledged {
            assert!(has(&backend, *number).await, "{number} is lost");
        }
        for number in &announced {
            assert!(has(&backend, *number).await, "{number} is announced and not there");
        }
        let mut sorted = announced.clone();
        sorted.sort_unstable();
        for number in &acknowledged {
            assert!(sorted.binary_search(number).is_ok(), "{number} is there and not announced");
        }
        backend.close().await;
    }
}

/// Runs this test in a process of its own, kills it after so many acknowledged commits, and returns all of which it
/// told.
fn run_and_kill(path: &Path, first: u32, commits: usize) -> Vec<u32> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", THIS_TEST, "--nocapture"])
        .env(DATABASE, path)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let (mut told, mut line) = (Vec::new(), String::new());
    while output.read_line(&mut line).unwrap() > 0 {
        // The last line may have been cut off.
        if let Some(number) = line.strip_prefix("committed ").and_then(|rest| rest.strip_suffix('\n')) {
            told.push(number.parse().unwrap());
            if told.len() == commits {
                child.kill().unwrap();
            }
        }
        line.clear();
    }
    assert!(!child.wait().unwrap().success(), "it was killed");
    assert!(told.len() >= commits, "{} of {commits} commits", told.len());
    told
}

async fn commit_until_killed(path: &Path, first: u32) {
    let backend = SqliteBackend::open(path).unwrap();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let backend = Arc::clone(&backend);
        writers.spawn(async move {
            for number in 0..SHARE {
                let number = first + writer * SHARE + number;
                backend.commit(insert(number)).await.unwrap();
                writeln!(std::io::stdout().lock(), "committed {number}").unwrap();
            }
        });
    }
    writers.join_all().await;
}
