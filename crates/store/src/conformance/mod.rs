//! What every adapter must do, as cases that any of them can be held to.

mod atomicity;
mod claims;
mod contention;
mod documents;
mod draft;
mod outbox;
mod pages;
mod ranges;
mod typed;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::Backend;

/// One promise, and how to see whether an adapter keeps it.
#[derive(Clone, Copy)]
pub struct Case {
    /// The promise as `module::sentence`.
    pub name: &'static str,
    run: fn(Arc<dyn Backend>) -> BoxFuture<'static, ()>,
}

impl Case {
    /// Runs the case on an empty database. It panics if the promise is broken.
    pub fn run(&self, backend: Arc<dyn Backend>) -> BoxFuture<'static, ()> {
        for schema in draft::schemas() {
            backend.declare(schema);
        }
        (self.run)(backend)
    }
}

/// Declares the cases once: where they are and what they are called.
macro_rules! cases {
    ($($module:ident: $($case:ident),+;)+) => {
        /// Every case.
        pub fn cases() -> Vec<Case> {
            vec![$($(Case {
                name: concat!(stringify!($module), "::", stringify!($case)),
                run: |backend| $module::$case(backend).boxed(),
            },)+)+]
        }
    };
}

cases! {
    documents:
        a_document_is_read_as_it_was_written,
        a_document_that_was_never_written_is_not_there,
        a_document_is_inserted_once,
        an_update_of_an_older_version_is_refused,
        an_update_of_a_missing_document_is_refused,
        a_removed_document_is_gone_and_may_be_written_anew,
        a_removal_of_an_older_version_is_refused,
        collections_do_not_see_each_other,
        every_commit_raises_the_revision_of_its_collection_alone,
        a_closed_database_is_unavailable;
    ranges:
        documents_come_in_the_order_of_their_keys_in_both_directions,
        the_lower_bound_is_inclusive_and_the_upper_exclusive,
        a_key_that_begins_another_is_bounded_for_itself,
        a_document_stands_at_each_of_its_keys,
        an_update_replaces_the_keys,
        indexes_do_not_see_each_other;
    pages:
        a_walk_meets_every_document_once_in_both_directions,
        a_walk_is_not_disturbed_by_documents_that_come_and_go,
        a_walk_passes_documents_of_equal_keys,
        a_strange_place_never_leaves_the_bounds;
    claims:
        a_document_is_found_by_its_key,
        a_claim_is_held_by_one_document,
        a_claim_is_kept_by_an_update_that_repeats_it,
        an_update_releases_a_key,
        a_removal_releases_the_claims,
        a_claim_moves_from_document_to_document_and_back,
        of_many_claimants_exactly_one_wins;
    atomicity:
        a_taken_claim_leaves_everything_as_it_was,
        a_conflict_leaves_everything_as_it_was,
        a_refused_insert_leaves_no_trace;
    outbox:
        events_stand_in_the_order_in_which_they_were_committed,
        events_are_read_in_portions,
        exactly_the_sent_events_leave,
        numbers_are_never_used_again,
        a_removal_announces_its_events_too,
        whoever_waits_for_growth_is_woken,
        growth_that_nobody_waited_for_is_not_missed,
        events_of_one_document_stay_in_order_under_concurrency;
    contention:
        no_update_of_many_writers_is_lost,
        of_many_inserts_of_one_document_exactly_one_wins,
        a_read_after_a_commit_sees_it;
    typed:
        a_decision_is_stored_with_its_facts,
        a_change_that_decides_nothing_writes_nothing,
        a_change_of_what_is_outdated_is_decided_on_the_latest,
        a_refusal_and_a_taken_claim_reach_the_caller,
        a_page_tells_where_the_next_one_begins,
        a_page_keeps_to_its_prefix_and_bounds,
        a_search_finds_what_fits_and_tells_where_the_rest_begins,
        a_search_looks_at_a_bounded_number_and_leads_on;
}

/// Runs every case, each on an empty database of its own from `make`, and closes it.
///
/// # Panics
/// If a case fails, after all have run; the message names those that failed.
pub async fn all(make: impl Fn() -> BoxFuture<'static, Arc<dyn Backend>>) {
    let mut broken = Vec::new();
    for case in cases() {
        let backend = make().await;
        if AssertUnwindSafe(case.run(Arc::clone(&backend))).catch_unwind().await.is_err() {
            broken.push(case.name);
        }
        backend.close().await;
    }
    assert!(broken.is_empty(), "the adapter breaks these promises: {broken:#?}");
}
