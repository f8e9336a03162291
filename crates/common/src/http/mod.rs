//! The HTTP side of every service: the middleware, the extractors and the replies.
//!
//! A request with several faults is answered by the first of: 429, 403 `cross-site`, 405, 413, 415, 401, 400, 404,
//! 403 `not-yours`, 403 `email-not-verified`, 412, 409. The middleware does the first five. A handler keeps the order by its extractors
//! [`CurrentUser`], [`PathId`], [`IfMatch`], [`Valid`], in that order, and checks `PathId` and `IfMatch` after them.

mod body;
mod client_address;
mod conditional;
mod context;
mod cookie;
mod cross_site;
mod current_user;
mod extract;
mod field_errors;
mod json;
mod layer;
mod middleware;
mod observe;
mod paging;
mod problem;
mod reply;
mod request_durations;
mod request_id;
mod request_scope;
pub mod responses;
mod session;
pub mod token;
mod valid;
mod verified_email;
mod write_limit;

pub use body::{BODY_TIMEOUT, Bodies};
pub use client_address::ClientAddress;
pub use conditional::{IfMatch, version_tag};
pub use context::{HttpContext, Inner as HttpSettings};
pub use cookie::HostCookie;
pub use current_user::CurrentUser;
pub use extract::{FreshId, PathId, ReservedId};
pub use field_errors::{FieldErrors, RawMoney};
pub use layer::{Layered, Next, WorkLayer, layer};
pub use middleware::MiddlewareStack;
pub use paging::{Listing, PageQuery, Query};
pub use problem::ProblemBody;
pub use reply::{Caching, Created, Versioned};
pub use request_id::current as current_request_id;
use request_scope::InFlightPermit;
pub use request_scope::RequestScope;
pub use session::{SessionWatch, Sessions};
pub use valid::{Parse, Valid};
pub use verified_email::{EmailNotVerified, VerifiedEmail};
