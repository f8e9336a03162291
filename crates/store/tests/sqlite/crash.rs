//! Acknowledged commits survive a crash of the process.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::support::{database_path, has, insert, published};
use store::Backend;
use store::sqlite::SqliteBackend;
use tokio::task::JoinSet;

const THIS_TEST: &str = "crash::every_acknowledged_commit_survives_kill_9";
/// Set in the process that is to be killed: the database, and its first number.
const DATABASE: &str = "STORE_TEST_DATABASE";
const FIRST: &str = "STORE_TEST_FIRST";
/// The numbers of one process for each of its writers.
const SHARE: u32 = 100_000;
const WRITERS: u32 = 16;

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_commit_survives_kill_9() {
    if let Ok(database) = std::env::var(DATABASE) {
        let first = std::env::var(FIRST).unwrap().parse().unwrap();
        return commit_until_killed(Path::new(&database), first).await;
    }
    let (_folder, path) = database_path();
    let mut acknowledged = Vec::new();
    // Kills at different moments: at once, in between, after checkpoints of the log.
    for (round, commits) in (0..).zip([1, 300, 3000]) {
        acknowledged.extend(run_and_kill(&path, round * WRITERS * SHARE, commits));
        let backend = SqliteBackend::open(&path).unwrap();
        let published = published(&backend).await;
        for number in &acknowledged {
            assert!(has(&backend, *number).await, "{number} is lost");
        }
        for number in &published {
            assert!(has(&backend, *number).await, "{number} is published and not there");
        }
        let mut sorted = published.clone();
        sorted.sort_unstable();
        for number in &acknowledged {
            assert!(sorted.binary_search(number).is_ok(), "{number} is there and not published");
        }
        backend.close().await;
    }
}

/// Runs this test in a process of its own and kills it after `commits` acknowledged commits. Returns all numbers that it
/// reported as committed.
fn run_and_kill(path: &Path, first: u32, commits: usize) -> Vec<u32> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", THIS_TEST, "--nocapture"])
        .env(DATABASE, path)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let (mut committed, mut line) = (Vec::new(), String::new());
    while output.read_line(&mut line).unwrap() > 0 {
        // The last line may have been cut off.
        if let Some(number) = line.strip_prefix("committed ").and_then(|rest| rest.strip_suffix('\n')) {
            committed.push(number.parse().unwrap());
            if committed.len() == commits {
                child.kill().unwrap();
            }
        }
        line.clear();
    }
    assert!(!child.wait().unwrap().success(), "it was killed");
    assert!(committed.len() >= commits, "{} of {commits} commits", committed.len());
    committed
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
