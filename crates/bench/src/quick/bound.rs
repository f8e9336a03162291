//! The bounds of the operations, measured in the same rounds.

use std::path::{Path, PathBuf};
use std::thread;

use argon2::Argon2;
use loadgen::Stopwatch;

use crate::bare::BareServer;
use crate::commits::one_by_one;
use crate::load::each;
use crate::program::Failure;
use crate::quick::operation::Operation;
use crate::quick::side::Side;
use crate::wire::get;

/// The durable commits of one purchase: `crates/e2e/tests/purchase/cost.rs` counts them.
const COMMITS_PER_PURCHASE: usize = 21;

/// The bare programs, and a folder for their data.
pub(crate) struct Bounds {
    browse: BareServer,
    show: BareServer,
    folder: PathBuf,
    runs: usize,
}

impl Bounds {
    /// The bounds of the operations on this side.
    pub(crate) async fn of(side: &Side, folder: &Path) -> Result<Self, Failure> {
        let browse = bare(side, Operation::Browse, folder).await?;
        let show = bare(side, Operation::Show, folder).await?;
        Ok(Self { browse, show, folder: folder.to_owned(), runs: 0 })
    }

    /// Runs the bound of an operation once. Returns operations per second.
    pub(crate) async fn run(&mut self, operation: Operation) -> Result<f64, Failure> {
        self.runs += 1;
        let (count, connections) = (operation.count(), operation.concurrency());
        let server = match operation {
            Operation::Browse => &self.browse,
            Operation::Show => &self.show,
            Operation::Sell | Operation::Order => return self.commits(count, connections),
            Operation::Purchase => {
                #[expect(clippy::cast_precision_loss, reason = "it is a small number")]
                let commits = COMMITS_PER_PURCHASE as f64;
                return Ok(self.commits(count * COMMITS_PER_PURCHASE, connections)? / commits);
            }
            Operation::SignIn => return hashes(count),
        };
        let requests = vec![get("/api/tickets"); count];
        Ok(each(server.address, connections, requests, 200, |_| Some(())).await?.rate())
    }

    fn commits(&self, count: usize, threads: usize) -> Result<f64, Failure> {
        one_by_one(&self.folder.join(format!("bound-{}", self.runs)), count, threads)
    }
}

/// A bare server with the reply to a read.
async fn bare(side: &Side, operation: Operation, folder: &Path) -> Result<BareServer, Failure> {
    let request = vec![get(&side.path(operation))];
    let read = each(side.program.address, 1, request, 200, |reply| Some(reply.body.to_vec())).await?;
    let file = folder.join(format!("{}.json", operation.name()));
    std::fs::write(&file, &read.replies[0])?;
    BareServer::start(&file)
}

/// Password hashes per second, with a thread for each core and memory that is used again.
fn hashes(count: usize) -> Result<f64, Failure> {
    let threads = thread::available_parallelism()?.get();
    let watch = Stopwatch::start();
    thread::scope(|scope| {
        let hash = || {
            let argon = Argon2::default();
            let (mut memory, mut output) =
                (vec![argon2::Block::new(); argon.params().block_count()], [0; 32]);
            for _ in 0..count / threads {
                argon.hash_password_into_with_memory(
                    b"seven wild geese at dawn",
                    &[7; 16],
                    &mut output,
                    &mut memory,
                )?;
            }
            Ok::<_, argon2::Error>(())
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(hash)).collect();
        running
            .into_iter()
            .try_for_each(|thread| Ok::<_, Failure>(thread.join().map_err(|_| "a thread panicked")??))
    })?;
    Ok(watch.per_second(count / threads * threads))
}
