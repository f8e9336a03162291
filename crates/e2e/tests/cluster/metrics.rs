//! The metrics of the cluster's processes: those of JetStream and MongoDB, beside those that one process has, too.

use std::collections::BTreeSet;
use std::time::Duration;

use e2e::{Cluster, poll_until};
use pods::monitoring::expressions;
use ticketing::status::Samples;

use crate::one_at_a_time;

/// Metrics of kube-state-metrics, the kubelet and cert-manager.
const EXTERNAL: [&str; 3] = ["kube_", "kubelet_", "certmanager_"];

/// Metrics that begin with an event of the purchase, such as a step at Stripe.
const OF_A_PURCHASE: [&str; 1] = ["payment_step_duration_seconds"];

async fn scrape(urls: &[String]) -> Vec<Samples> {
    let mut all = Vec::new();
    for url in urls {
        let reply = reqwest::get(format!("{url}/metrics")).await.expect("metrics");
        all.push(Samples::parse(&reply.text().await.expect("text")));
    }
    all
}

/// An alert does not see the increase of a counter that begins with its first increment.
#[tokio::test(flavor = "multi_thread")]
async fn fresh_processes_report_every_metric_and_label_that_an_alert_or_a_dashboard_names() {
    let _alone = one_at_a_time().await;
    let cluster = Cluster::start("15m", |_| {}).await;
    cluster.endpoints().get("/api/tickets").await;
    let urls: Vec<_> = cluster.processes().admin_urls().map(|(_, url)| url.to_owned()).collect();
    poll_until(Duration::from_mins(1), "each metric exists", || async {
        let processes = scrape(&urls).await;
        let mut missing = BTreeSet::new();
        for expression in expressions() {
            let ours = expression.metrics().into_iter().filter(|(metric, _)| {
                !EXTERNAL.iter().any(|prefix| metric.starts_with(prefix))
                    && !OF_A_PURCHASE.contains(&metric.as_str())
            });
            for (metric, labels) in ours {
                if !processes.iter().any(|samples| samples.has(&metric, &labels)) {
                    missing.insert(format!("{}: {metric} {labels:?}", expression.owner));
                }
            }
        }
        if !missing.is_empty() {
            eprintln!("{missing:#?}");
        }
        missing.is_empty()
    })
    .await;
}
