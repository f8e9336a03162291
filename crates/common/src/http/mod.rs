//! The HTTP side that every service shares: one middleware stack, the extractors and the replies.
//!
//! A request with several faults is answered by the first of: 429, 403 `cross-site`, 405, 413, 415, 401, 400, 404,
//! 403 `not-yours`, 412, 409. The stack does the first five; a handler gets the others right by naming its extractors
//! in the order [`CurrentUser`], [`PathId`], [`IfMatch`], [`Valid`], and by looking at `PathId` and `IfMatch` only
//! after those.

mod body;
mod client_address;
mod context;
mod cookie;
mod cross_site;
mod fallback;
mod fresh_id;
mod if_match;
mod limit_in_flight;
mod middleware;
mod observe;
mod paging;
mod path_id;
mod problem;
mod reject_arrays;
mod reply;
mod request_id;
pub mod responses;
pub mod session;
mod token_cache;
mod valid;

pub use client_address::ClientAddress;
pub use context::{HttpContext, Inner as HttpSettings};
pub use cookie::SessionCookie;
pub use fresh_id::{FreshId, ReservedId};
pub use if_match::IfMatch;
pub use middleware::{Bodies, MiddlewareStack};
pub use paging::{Listing, PageQuery, Query};
pub use path_id::PathId;
pub use problem::ProblemBody;
pub use reply::{Caching, Created, Versioned};
pub use request_id::current as current_request_id;
pub use session::{CurrentUser, Sessions};
pub use valid::{FieldErrors, Parse, RawMoney, Valid};
