//! The query of a page: its limit and its cursor. An input is a query string.

#![no_main]

use axum::extract::FromRequestParts;
use common::http::{Listing, PageQuery, Query};
use futures::FutureExt;
use http::Request;
use libfuzzer_sys::fuzz_target;

/// The list that the seeds' cursors belong to.
const LIST: &str = "orders";

fuzz_target!(|text: &str| {
    let Ok(request) = Request::get(format!("/?{text}")).body(()) else { return };
    let mut parts = request.into_parts().0;
    let query = Query::from_request_parts(&mut parts, &()).now_or_never().expect("nothing waits");
    let page = PageQuery::from_request_parts(&mut parts, &()).now_or_never().expect("nothing waits");
    let (Ok(query), Ok(page)) = (query, page) else { return };
    assert!((1..=100).contains(&page.limit));
    if let Ok(Some(position)) = page.after(LIST) {
        let cursor = Listing::<()>::new(LIST, Vec::new(), Some(position)).next;
        assert_eq!(cursor.as_deref(), query.get("cursor"), "a position has one cursor");
    }
});
