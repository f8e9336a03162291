//! The visitor of a page, identified by auth before the page renders; the call also renews the session cookie.

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use common::http::{CurrentUser, VerifiedEmail};
use common::{Problem, UserId};
use http::HeaderMap;
use http::header::SET_COOKIE;
use http::request::Parts;
use serde::Deserialize;

use crate::api::{ApiError, Caller, Reply};
use crate::client::Client;
use crate::render;
use crate::return_to::with_return_to;

/// The visitor of a page.
#[derive(Clone, Default)]
pub(crate) struct Visitor {
    /// The browser, for calls on its behalf.
    pub(crate) caller: Caller,
    /// The signed-in user.
    pub(crate) user: Option<User>,
    /// Auth is unavailable: signing in and up fails.
    pub(crate) auth_unavailable: bool,
    /// The actions that the visitor may take only once their email address is verified.
    pub(crate) needs_verified: VerifiedEmail,
    /// Path and query of the request.
    pub(crate) uri: String,
}

/// A signed-in user.
#[derive(Clone, Deserialize)]
pub(crate) struct User {
    /// The id.
    pub(crate) id: UserId,
    /// The email address.
    pub(crate) email: String,
    /// Whether the user has proved that the address is theirs.
    #[serde(default)]
    pub(crate) verified: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CurrentUserReply {
    current_user: Option<User>,
}

/// The part of a request that identifies its visitor.
pub(crate) struct RequestContext {
    caller: Caller,
    headers: HeaderMap,
    /// Path and query.
    pub(crate) uri: String,
}

impl RequestContext {
    pub(crate) fn of(request: &Request, client: &Client) -> Self {
        let uri = request.uri().path_and_query().map_or("/", |uri| uri.as_str()).to_owned();
        Self {
            caller: Caller::from_request(request, &client.context),
            headers: request.headers().clone(),
            uri,
        }
    }
}

/// Middleware: identifies the visitor before the page renders, and forwards a renewed cookie.
pub(crate) async fn identify(State(client): State<Client>, mut request: Request, next: Next) -> Response {
    let (visitor, set) = Visitor::identify(&client, RequestContext::of(&request, &client)).await;
    request.extensions_mut().insert(visitor.clone());
    let mut response = next.run(request).await;
    // A cookie that the page itself has set is newer.
    if !response.headers().contains_key(SET_COOKIE) {
        forward_cookies(&set, response.headers_mut());
    }
    response.extensions_mut().insert(visitor);
    response
}

/// Forwards the cookies of a service's reply to the browser.
pub(crate) fn forward_cookies(from: &HeaderMap, to: &mut HeaderMap) {
    for cookie in from.get_all(SET_COOKIE) {
        to.append(SET_COOKIE, cookie.clone());
    }
}

/// A redirect (303) that forwards the cookies of a service's reply.
pub(crate) fn redirect_with_cookies(location: &str, reply: &Reply) -> Response {
    let mut response = render::see_other(location);
    forward_cookies(&reply.headers, response.headers_mut());
    response
}

impl Visitor {
    /// Returns the visitor, and the headers of auth's reply.
    pub(crate) async fn identify(client: &Client, request: RequestContext) -> (Self, HeaderMap) {
        let RequestContext { mut caller, headers, uri } = request;
        let reply = client.api.get(&caller, "/api/users/currentuser").await;
        let parse = |reply: Reply| -> Result<_, ApiError> {
            Ok((reply.json::<CurrentUserReply>()?.current_user, reply.headers))
        };
        if let Ok((user, set)) = reply.and_then(parse) {
            caller.apply_set_cookie(&set, &client.context);
            let is_unverified = user.as_ref().is_some_and(|user: &User| !user.verified);
            let needs_verified =
                if is_unverified { client.context.verified_email } else { VerifiedEmail::Off };
            return (Self { caller, user, auth_unavailable: false, needs_verified, uri }, set);
        }
        // Without auth the token is verified here, and counts until it expires. No page asks to verify the address then.
        let user = CurrentUser::of(&client.context, &headers).await;
        let user = user.ok().flatten().map(|user| User { id: user.id, email: user.email, verified: true });
        let needs_verified = VerifiedEmail::Off;
        (Self { caller, user, auth_unavailable: true, needs_verified, uri }, HeaderMap::new())
    }

    /// A redirect to the sign-in page, returning here.
    pub(crate) fn redirect_to_sign_in(&self) -> Response {
        render::see_other(&with_return_to("/auth/signin", &self.uri))
    }

    /// Whether the visitor is this user.
    pub(crate) fn is_user(&self, id: UserId) -> bool {
        self.user.as_ref().is_some_and(|user| user.id == id)
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let visitor = parts.extensions.get::<Self>().cloned();
        visitor.ok_or_else(|| Problem::internal("the route lacks the visitor middleware"))
    }
}
