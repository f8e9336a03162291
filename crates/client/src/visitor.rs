//! Who looks at a page. Asked before every page, which also renews the session cookie.

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use common::http::CurrentUser;
use common::{Problem, UserId};
use http::HeaderMap;
use http::header::SET_COOKIE;
use http::request::Parts;
use serde::Deserialize;

use crate::api::{ApiError, Caller, Reply};
use crate::client::Client;
use crate::frame::sign_in_for;
use crate::render;

/// Who looks at a page.
#[derive(Clone, Default)]
pub(crate) struct Visitor {
    /// On whose behalf the services are asked.
    pub(crate) caller: Caller,
    /// Who they are, if they are signed in.
    pub(crate) person: Option<Person>,
    /// Auth does not answer: nobody can sign in or up now.
    pub(crate) auth_is_away: bool,
    /// Where they are: path and query.
    pub(crate) place: String,
}

/// Somebody who is signed in.
#[derive(Clone, Deserialize)]
pub(crate) struct Person {
    /// Who.
    pub(crate) id: UserId,
    /// Their address.
    pub(crate) email: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CurrentUserReply {
    current_user: Option<Person>,
}

/// What of a request tells who sent it.
pub(crate) struct Asking {
    caller: Caller,
    headers: HeaderMap,
    /// Path and query.
    pub(crate) place: String,
}

impl Asking {
    /// What of this request tells who sent it.
    pub(crate) fn of(request: &Request) -> Self {
        let place = request.uri().path_and_query().map_or("/", |place| place.as_str()).to_owned();
        Self { caller: Caller::of(request), headers: request.headers().clone(), place }
    }
}

/// Asks who it is before the page is made, and gives the browser the cookie that came back.
pub(crate) async fn visit(State(client): State<Client>, mut request: Request, next: Next) -> Response {
    let asking = Asking::of(&request);
    let (visitor, set) = Visitor::of(&client, asking).await;
    request.extensions_mut().insert(visitor.clone());
    let mut response = next.run(request).await;
    // What the page itself has set is newer.
    if !response.headers().contains_key(SET_COOKIE) {
        pass_cookies(&set, response.headers_mut());
    }
    response.extensions_mut().insert(visitor);
    response
}

/// Hands the cookies of a service's reply to the browser.
pub(crate) fn pass_cookies(from: &HeaderMap, to: &mut HeaderMap) {
    for cookie in from.get_all(SET_COOKIE) {
        to.append(SET_COOKIE, cookie.clone());
    }
}

impl Visitor {
    /// Who asks, and the headers that came with the answer.
    pub(crate) async fn of(client: &Client, asking: Asking) -> (Self, HeaderMap) {
        let Asking { mut caller, headers, place } = asking;
        let asked = client.api.get(&caller, "/api/users/currentuser").await;
        let read = |reply: Reply| -> Result<_, ApiError> {
            Ok((reply.json::<CurrentUserReply>()?.current_user, reply.headers))
        };
        if let Ok((person, set)) = asked.and_then(read) {
            caller.renew(&set);
            return (Self { caller, person, auth_is_away: false, place }, set);
        }
        // The token can speak for itself until it runs out.
        let person = CurrentUser::of(&client.context, &headers).await;
        let person = person.ok().flatten().map(|user| Person { id: user.id, email: user.email });
        (Self { caller, person, auth_is_away: true, place }, HeaderMap::new())
    }

    /// To signing in, and then back here.
    pub(crate) fn sent_to_sign_in(&self) -> Response {
        render::see_other(&sign_in_for("/auth/signin", &self.place))
    }

    /// Whether this person is the visitor.
    pub(crate) fn is(&self, id: UserId) -> bool {
        self.person.as_ref().is_some_and(|person| person.id == id)
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::internal("a page outside its layer"))
    }
}
