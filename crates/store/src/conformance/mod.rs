//! The conformance suite: cases that every adapter must pass.

mod atomicity;
mod contention;
mod documents;
mod draft;
mod formats;
mod outbox;
mod pages;
mod ranges;
mod recent;
mod typed;
mod unique_keys;
mod unreadable;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::Backend;

/// One guarantee of the port, and its test.
#[derive(Clone, Copy)]
pub struct Case {
    /// The guarantee as `module::sentence`.
    pub name: &'static str,
    run: fn(Arc<dyn Backend>) -> BoxFuture<'static, ()>,
}

impl Case {
    /// Runs the case on an empty database, and closes that.
    ///
    /// # Panics
    /// If the adapter breaks the guarantee.
    pub async fn run(&self, backend: Arc<dyn Backend>) {
        for schema in draft::schemas() {
            backend.declare(schema);
        }
        (self.run)(Arc::clone(&backend)).await;
        backend.close().await;
    }
}

/// Lists the cases once, for their paths and names.
macro_rules! cases {
    ($($module:ident: $($case:ident),+;)+) => {
        /// Every case.
        fn cases() -> Vec<Case> {
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
        an_update_of_an_older_version_is_refused,
        an_update_of_a_missing_document_is_refused,
        a_removed_document_is_gone_and_may_be_written_anew,
        collections_do_not_see_each_other,
        every_commit_raises_the_revision_of_its_collection_alone,
        a_closed_database_is_unavailable;
    ranges:
        documents_come_in_the_order_of_their_keys_in_both_directions,
        the_lower_bound_is_inclusive_and_the_upper_exclusive,
        a_key_that_begins_another_is_bounded_for_itself,
        a_document_stands_at_each_of_its_keys,
        an_update_replaces_the_keys,
        a_count_is_that_of_the_documents_in_the_range,
        indexes_do_not_see_each_other;
    pages:
        a_walk_meets_every_document_once_in_both_directions,
        a_walk_is_not_disturbed_by_documents_that_come_and_go,
        a_walk_passes_documents_of_equal_keys,
        a_forged_cursor_never_leaves_the_bounds;
    unique_keys:
        a_document_is_found_by_its_unique_key,
        a_unique_key_is_held_by_one_document,
        a_unique_key_is_kept_by_an_update_that_repeats_it,
        an_update_releases_a_unique_key,
        a_removal_releases_the_unique_keys,
        a_unique_key_moves_from_document_to_document_and_back,
        of_many_writers_of_one_unique_key_exactly_one_wins;
    atomicity:
        a_duplicate_key_leaves_everything_as_it_was,
        a_conflict_leaves_everything_as_it_was,
        a_refused_insert_leaves_no_trace;
    outbox:
        events_stand_in_the_order_in_which_they_were_committed,
        events_are_read_in_portions,
        exactly_the_published_events_leave,
        a_scan_finds_every_event,
        numbers_are_never_reused,
        a_removal_publishes_its_events_too,
        a_waiter_for_changes_is_woken,
        a_change_without_a_waiter_is_not_missed,
        events_of_one_document_stay_in_order_under_concurrency;
    contention:
        no_update_of_many_writers_is_lost,
        of_many_inserts_of_one_document_exactly_one_wins,
        a_read_after_a_commit_sees_it;
    typed:
        a_decision_is_stored_with_its_events,
        an_update_without_a_decision_writes_nothing,
        an_update_from_an_outdated_document_is_decided_on_the_latest,
        a_refusal_and_a_duplicate_key_reach_the_caller,
        a_raised_version_replaces_the_expected_one_and_no_other,
        a_page_leads_to_the_next_one,
        a_page_keeps_to_its_prefix_and_bounds,
        a_search_finds_what_matches_and_leads_to_the_rest,
        a_search_scans_a_bounded_number_and_leads_on;
    recent:
        a_decision_soon_after_a_commit_needs_no_read,
        a_document_that_is_about_to_arrive_is_awaited,
        an_event_that_creates_a_document_needs_no_read,
        what_another_process_has_committed_decides,
        a_recent_document_is_found_by_the_unique_keys_it_holds;
    unreadable:
        an_unreadable_document_hides_no_other,
        a_page_is_filled_past_unreadable_documents,
        a_page_behind_many_unreadable_documents_leads_on_and_a_batch_is_filled,
        an_unreadable_document_is_no_absent_one,
        a_scan_finds_every_document_of_a_collection_by_id;
    formats:
        a_scan_finds_the_documents_that_were_last_written_in_a_format,
        fields_of_a_newer_release_survive_the_writes_of_an_older_one,
        an_older_release_changes_what_it_knows_and_nothing_else,
        an_upgrade_gives_stored_documents_the_keys_of_this_release,
        an_upgrade_leaves_unreadable_documents_and_duplicate_keys_alone;
}

/// Passes every case to `run`, which runs it on an empty database of its own.
///
/// # Panics
/// If a case fails, after all have run; the message names the failed cases.
pub async fn all(run: impl AsyncFn(&Case)) {
    let mut broken = Vec::new();
    for case in cases() {
        if AssertUnwindSafe(run(&case)).catch_unwind().await.is_err() {
            broken.push(case.name);
        }
    }
    assert!(broken.is_empty(), "the adapter breaks these guarantees: {broken:#?}");
}
