//! JetStream passes the conformance suite.

use bus::conformance;

use crate::support::Marketplace;

#[tokio::test]
async fn jetstream_passes_the_conformance_suite() {
    for (name, run) in conformance::cases() {
        println!("{name}");
        let marketplace = Marketplace::new();
        run(marketplace.process().await).await;
        marketplace.end().await;
    }
}
