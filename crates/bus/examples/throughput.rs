//! x
use bus::*;
use common::clock::SystemClock;
use common::event::*;
use common::*;
use futures::future::{BoxFuture, FutureExt};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::*;
use std::time::*;
use store::{sqlite::SqliteBackend, *};
use uuid::Uuid;
#[derive(Clone, Serialize, Deserialize)]
struct O {
    id: Uuid,
    version: u64,
}
impl Document for O {
    const COLLECTION: &'static str = "o";
    fn id(&self) -> Uuid {
        self.id
    }
    fn version(&self) -> u64 {
        self.version
    }
}
struct H(AtomicU64, AtomicU64, AtomicU64, bool);
impl Consume for H {
    fn consume(&self, r: Received) -> BoxFuture<'_, Result<(), Fault>> {
        async move {
            let lat = (SystemClock.now() - r.event.time).as_millis() as u64;
            self.1.fetch_add(lat, Ordering::Relaxed);
            self.2.fetch_max(lat, Ordering::Relaxed);
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
        .boxed()
    }
}
fn main() {
    let n: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let mode = std::env::args().nth(2).unwrap();
    let writers: u64 = std::env::args().nth(3).unwrap().parse().unwrap();
    let rt = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    rt.block_on(async move{
  let clock:SharedClock=Arc::new(SystemClock); let ids=Ids::new(clock.clone(),Arc::new(SystemEntropy));
  let backend=if mode=="file"{ let p=format!("/tmp/tp-{}.db",std::process::id()); SqliteBackend::open(p).unwrap()}else{SqliteBackend::in_memory().unwrap()};
  let store=Store::new(backend.clone(),clock.clone(),ids.clone());
  let bus=Arc::new(LocalBus::new()); let h=Arc::new(H(0.into(),0.into(),0.into(),false));
  let stop=tokio_util::sync::CancellationToken::new(); let mut t=tokio::task::JoinSet::new();
  let dl=Store::new(SqliteBackend::in_memory().unwrap(),clock.clone(),ids.clone());
  t.spawn(Consumers::new(Subscription{consumer:"c",subjects:&[Subject::ExpirationCompleted],handler:h.clone()},&*bus,dl,clock.clone(),ids.clone()).run(stop.clone()));
  let t0=Instant::now();
  let relay=Relay::new("s",backend.clone(),bus.clone(),clock.clone(),ids.clone());
  let pre=mode=="backlog";
  let mut relay=Some(relay); if !pre {t.spawn(relay.take().unwrap().run(stop.clone()));}
  let mut w=tokio::task::JoinSet::new();
  for k in 0..writers{let (store,ids,clock)=(store.clone(),ids.clone(),clock.clone());w.spawn(async move{let c=store.collection::<O>();for _ in 0..n/writers{let id:Uuid=ids.next();
   c.commit(Decision::announced(O{id,version:1},Fact::ExpirationCompleted(DeadlinePassed{order_id:id.into(),expires_at:clock.now()}))).await.unwrap();} k});}
  while w.join_next().await.is_some(){}
  let tc=t0.elapsed(); let t1=Instant::now(); if pre {t.spawn(relay.take().unwrap().run(stop.clone()));}
  while h.0.load(Ordering::Relaxed)<n/writers*writers {tokio::time::sleep(Duration::from_millis(1)).await;}
  let td=t0.elapsed(); let tb=t1.elapsed();
  while !backend.outbox(0,1).await.unwrap().is_empty(){tokio::time::sleep(Duration::from_millis(1)).await;}
  println!("{mode} w={writers}: commits {:.0}/s, end to end {:.0}/s, after-commit part {:?} ({:.0}/s), outbox empty {:?}, latency mean {:.2} ms max {} ms",n as f64/tc.as_secs_f64(),n as f64/td.as_secs_f64(),tb,n as f64/tb.as_secs_f64(),t0.elapsed(),h.1.load(Ordering::Relaxed) as f64/n as f64,h.2.load(Ordering::Relaxed));
  stop.cancel(); while t.join_next().await.is_some(){}
 });
}
