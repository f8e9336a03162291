//! The sets of problem responses that `OpenAPI` descriptions of several routes share.
//!
//! `runtime` completes each description with the responses of the shared middleware and the body of every problem.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response, ResponseBuilder};

macro_rules! response_sets {
    ($($(#[$doc:meta])+ $name:ident { $($status:literal: $description:literal,)+ })+) => {
        $(
            $(#[$doc])+
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    let set = [$(($status, $description)),+];
                    let response = |text| RefOr::T(ResponseBuilder::new().description(text).build());
                    set.into_iter().map(|(status, text)| (status.to_owned(), response(text))).collect()
                }
            }
        )+
    };
}

response_sets! {
    /// The refusal of a request without a session.
    NotSignedIn {
        "401": "`not-signed-in`",
    }
    /// The refusals of a resource that belongs to one user.
    OwnerOnly {
        "401": "`not-signed-in`",
        "403": "`not-yours`",
        "404": "`not-found`",
    }
    /// The refusals of what may need a verified email address.
    VerifiedOnly {
        "401": "`not-signed-in`",
        "403": "`email-not-verified`",
    }
    /// The refusals of a resource that belongs to one user, whose email address may have to be verified.
    VerifiedOwnerOnly {
        "401": "`not-signed-in`",
        "403": "`not-yours`, `email-not-verified`",
        "404": "`not-found`",
    }
    /// The refusal of an unknown resource.
    NotFound {
        "404": "`not-found`",
    }
    /// The answer to a conditional request for the current version.
    NotModified {
        "304": "The version in `If-None-Match` is the current one.",
    }
    /// The refusals of a body.
    InvalidBody {
        "400": "`malformed-json`, `not-valid`",
    }
    /// The refusals of a page's query.
    InvalidPage {
        "400": "`not-valid`, `bad-cursor`",
    }
    /// The refusal of a conditional change.
    VersionChanged {
        "412": "`version-changed`",
    }
    /// The refusal of a limit of requests.
    TooManyRequests {
        "429": "`too-many-requests`; see `Retry-After`",
    }
    /// The refusal of a rate limit.
    TooManyAttempts {
        "429": "`too-many-attempts`; see `Retry-After`",
    }
}
