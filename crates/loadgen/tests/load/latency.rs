//! Latencies count from the intended arrival.

use std::time::Duration;

use crate::app::Fault;
use crate::course::run;

#[tokio::test]
async fn a_stall_of_the_target_counts_for_all_who_arrive_meanwhile() {
    let fault = Fault::Stalls(Duration::from_millis(300));
    // One request in flight: measured from its sending, one of 300 would be slow, and 1 % are three.
    let report =
        run(fault, "--scenario browse --rate 100 --duration 3s --arrivals even --connections 1").await;
    let browse = &report.operations[0];
    assert_eq!((browse.name, browse.count), ("browse", 300));
    assert!(browse.p99_ms >= 200.0, "{report}");
}
