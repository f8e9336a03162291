//! The browser on whose behalf a page calls the services.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use common::http::{HostCookie, HttpContext, current_request_id};
use common::trace;
use http::header::{COOKIE, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The browser on whose behalf a page calls the services: the only headers of its request that are forwarded.
#[derive(Clone, Default)]
pub(crate) struct Caller {
    /// The session and device cookies as name and value. Of several with one name, the services choose.
    cookies: Vec<(&'static str, String)>,
    user_agent: Option<HeaderValue>,
    forwarded_for: Option<HeaderValue>,
    /// The remote address of the connection.
    pub(super) peer: Option<SocketAddr>,
}

impl Caller {
    pub(crate) fn from_request(request: &Request, context: &HttpContext) -> Self {
        let headers = request.headers();
        let cookies = [HostCookie::session(context), HostCookie::device(context)];
        let cookies = cookies
            .into_iter()
            .flat_map(|cookie| cookie.values(headers).map(move |value| (cookie.name(), value)));
        Self {
            cookies: cookies.collect(),
            user_agent: headers.get(USER_AGENT).cloned(),
            forwarded_for: forwarded_for(headers),
            peer: request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0),
        }
    }

    /// Takes over the session cookie that a service has set, in place of all that the browser has sent.
    pub(crate) fn apply_set_cookie(&mut self, set: &HeaderMap, context: &HttpContext) {
        let session = HostCookie::session(context).name();
        for cookie in set.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok()) {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, token)) = pair.split_once('=')
                && name == session
            {
                self.cookies.retain(|(name, _)| *name != session);
                if !token.is_empty() {
                    self.cookies.push((session, token.to_owned()));
                }
            }
        }
    }

    fn cookie_header(&self) -> Option<HeaderValue> {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut header = HeaderValue::try_from(pairs.join("; ")).ok().filter(|header| !header.is_empty())?;
        header.set_sensitive(true);
        Some(header)
    }

    /// The headers of a call. Over HTTP a service sees this process as the peer, so the browser's address is appended to
    /// `X-Forwarded-For`.
    pub(super) fn headers(&self, over_http: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut put = |name: HeaderName, value: Option<HeaderValue>| {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        };
        put(COOKIE, self.cookie_header());
        put(USER_AGENT, self.user_agent.clone());
        put(HeaderName::from_static("x-request-id"), HeaderValue::try_from(current_request_id()).ok());
        put(
            HeaderName::from_static("traceparent"),
            trace::current().and_then(|context| HeaderValue::try_from(context).ok()),
        );
        put(
            FORWARDED_FOR,
            if over_http { self.forwarded_for_with_peer() } else { self.forwarded_for.clone() },
        );
        headers
    }

    fn forwarded_for_with_peer(&self) -> Option<HeaderValue> {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use common::http::Sessions;
    use runtime::{HttpOptions, RemoteKeys};

    use super::*;

    fn context(public_url: &str) -> HttpContext {
        let (_, context) = runtime::testing::context();
        let options = HttpOptions { public_url: Some(public_url.to_owned()), ..HttpOptions::default() };
        let sessions = Sessions::new(Arc::new(RemoteKeys::new(String::new(), Arc::clone(&context.clock))));
        options.context("client", context.clock, context.ids, sessions)
    }

    fn over(public_url: &str, headers: &[(&'static str, &'static str)]) -> Caller {
        let mut request = Request::default();
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([203, 0, 113, 9], 4711))));
        Caller::from_request(&request, &context(public_url))
    }

    fn caller(headers: &[(&'static str, &'static str)]) -> Caller {
        over("http://us.example", headers)
    }

    #[test]
    fn only_the_cookies_of_the_scheme_are_forwarded() {
        let cookies =
            [("cookie", "session=junk; theme=dark; device=d"), ("cookie", "session=abc; __Host-session=xyz")];
        let headers = caller(&cookies).headers(false);
        assert_eq!(headers[COOKIE], "session=junk; session=abc; device=d");
        let headers = over("https://us.example", &cookies).headers(false);
        assert_eq!(headers[COOKIE], "__Host-session=xyz");
        assert!(!caller(&[("cookie", "theme=dark")]).headers(false).contains_key(COOKIE));
    }

    #[test]
    fn a_fresh_cookie_counts_within_the_same_request() {
        let mut caller = caller(&[("cookie", "session=old; session=older; device=d")]);
        let context = context("http://us.example");
        let set = |cookie| HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_static(cookie))]);
        caller.apply_set_cookie(&set("session=new; Path=/; HttpOnly"), &context);
        assert_eq!(caller.headers(false)[COOKIE], "device=d; session=new");
        caller.apply_set_cookie(&set("session=; Path=/; Max-Age=0"), &context);
        assert_eq!(caller.headers(false)[COOKIE], "device=d");
    }

    #[test]
    fn a_service_behind_a_socket_receives_the_callers_address() {
        let forwarded = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "10.0.0.1")];
        assert_eq!(caller(&forwarded).headers(true)[FORWARDED_FOR], "198.51.100.1, 10.0.0.1, 203.0.113.9");
        assert_eq!(caller(&forwarded).headers(false)[FORWARDED_FOR], "198.51.100.1, 10.0.0.1");
        assert_eq!(caller(&[]).headers(true)[FORWARDED_FOR], "203.0.113.9");
    }
}
