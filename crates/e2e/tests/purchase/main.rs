//! A purchase, and everything else that can become of an order: in one process on a simulated clock, and on a cluster.

mod endings;
mod flows;
mod market;
mod money_back;
mod on_a_cluster;
mod on_one_machine;
