//! On whose behalf the services are asked.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use common::http::current_request_id;
use common::trace;
use http::header::{COOKIE, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The names that the session cookie can have.
const COOKIES: [&str; 2] = ["session", "__Host-session"];

/// On whose behalf the services are asked: nothing of the request but what they need goes on.
#[derive(Clone, Default)]
pub(crate) struct Caller {
    cookie: Option<HeaderValue>,
    user_agent: Option<HeaderValue>,
    forwarded_for: Option<HeaderValue>,
    /// The other end of the connection.
    pub(super) peer: Option<SocketAddr>,
}

impl Caller {
    /// Whoever sent a request.
    pub(crate) fn of(request: &Request) -> Self {
        let headers = request.headers();
        let cookies = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
        let cookie = cookies
            .flat_map(|cookies| cookies.split(';'))
            .map(str::trim)
            .find(|cookie| cookie.split_once('=').is_some_and(|(name, _)| COOKIES.contains(&name)));
        Self {
            cookie: cookie.and_then(sensitive),
            user_agent: headers.get(USER_AGENT).cloned(),
            forwarded_for: forwarded_for(headers),
            peer: request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0),
        }
    }

    /// From now on with the cookie that a service has set.
    pub(crate) fn renew(&mut self, set: &HeaderMap) {
        for cookie in set.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok()) {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, token)) = pair.split_once('=')
                && COOKIES.contains(&name)
            {
                self.cookie = if token.is_empty() { None } else { sensitive(pair) };
            }
        }
    }

    /// The headers of a request on their behalf. Whoever is asked through a socket sees us as the peer, so that the
    /// caller's own address goes into the header.
    pub(super) fn headers(&self, through_a_socket: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut put = |name: HeaderName, value: Option<HeaderValue>| {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        };
        put(COOKIE, self.cookie.clone());
        put(USER_AGENT, self.user_agent.clone());
        put(HeaderName::from_static("x-request-id"), HeaderValue::try_from(current_request_id()).ok());
        put(
            HeaderName::from_static("traceparent"),
            trace::current().and_then(|context| HeaderValue::try_from(context).ok()),
        );
        put(FORWARDED_FOR, if through_a_socket { self.with_peer() } else { self.forwarded_for.clone() });
        headers
    }

    fn with_peer(&self) -> Option<HeaderValue> {
        let Some(peer) = self.peer else { return self.forwarded_for.clone() };
        let before = self.forwarded_for.as_ref().and_then(|before| before.to_str().ok());
        let all = before.map_or_else(|| peer.ip().to_string(), |before| format!("{before}, {}", peer.ip()));
        HeaderValue::try_from(all).ok()
    }
}

fn forwarded_for(headers: &HeaderMap) -> Option<HeaderValue> {
    let hops = headers.get_all(FORWARDED_FOR).iter().filter_map(|hops| hops.to_str().ok());
    let hops = hops.collect::<Vec<_>>().join(", ");
    if hops.is_empty() { None } else { HeaderValue::try_from(hops).ok() }
}

fn sensitive(cookie: &str) -> Option<HeaderValue> {
    let mut cookie = HeaderValue::try_from(cookie).ok()?;
    cookie.set_sensitive(true);
    Some(cookie)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(headers: &[(&'static str, &'static str)]) -> Caller {
        let mut request = Request::default();
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([203, 0, 113, 9], 4711))));
        Caller::of(&request)
    }

    #[test]
    fn only_the_session_cookie_goes_on() {
        let headers = caller(&[("cookie", "theme=dark; session=abc; other=1")]).headers(false);
        assert_eq!(headers[COOKIE], "session=abc");
        let headers = caller(&[("cookie", "theme=dark"), ("cookie", "__Host-session=xyz")]).headers(false);
        assert_eq!(headers[COOKIE], "__Host-session=xyz");
        assert!(!caller(&[("cookie", "theme=dark")]).headers(false).contains_key(COOKIE));
    }

    #[test]
    fn a_fresh_cookie_counts_within_the_same_request() {
        let mut caller = caller(&[("cookie", "session=old")]);
        let set = |cookie| HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_static(cookie))]);
        caller.renew(&set("session=new; Path=/; HttpOnly"));
        assert_eq!(caller.headers(false)[COOKIE], "session=new");
        caller.renew(&set("session=; Path=/; Max-Age=0"));
        assert!(!caller.headers(false).contains_key(COOKIE));
    }

    #[test]
    fn a_service_behind_a_socket_hears_of_the_callers_address() {
        let forwarded = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "10.0.0.1")];
        assert_eq!(caller(&forwarded).headers(true)[FORWARDED_FOR], "198.51.100.1, 10.0.0.1, 203.0.113.9");
        assert_eq!(caller(&forwarded).headers(false)[FORWARDED_FOR], "198.51.100.1, 10.0.0.1");
        assert_eq!(caller(&[]).headers(true)[FORWARDED_FOR], "203.0.113.9");
    }
}
