//! The session cookie.

use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use super::HttpContext;

/// The name and attributes of the session cookie.
#[derive(Debug, Clone, Copy)]
pub struct SessionCookie {
    secure: bool,
}

impl SessionCookie {
    /// How long a browser keeps the cookie: as long as the longest session.
    const MAX_AGE: Duration = Duration::days(30);

    /// The cookie of a service with this public URL.
    pub fn of(context: &HttpContext) -> Self {
        Self { secure: context.is_secure() }
    }

    /// With https, the prefix binds the cookie to the host (RFC 6265bis, `__Host-`).
    const fn name(self) -> &'static str {
        if self.secure { "__Host-session" } else { "session" }
    }

    /// The token in a request's headers.
    pub fn read(self, headers: &HeaderMap) -> Option<String> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = cookies.flat_map(Cookie::split_parse).flatten();
        cookies.find(|cookie| cookie.name() == self.name()).map(|cookie| cookie.value().to_owned())
    }

    /// The `Set-Cookie` value with a token.
    pub fn set(self, token: &str) -> Option<HeaderValue> {
        self.header(token, Self::MAX_AGE)
    }

    /// The `Set-Cookie` value that removes the cookie.
    pub fn clear(self) -> Option<HeaderValue> {
        self.header("", Duration::ZERO)
    }

    fn header(self, token: &str, max_age: Duration) -> Option<HeaderValue> {
        let cookie = Cookie::build((self.name(), token)).path("/").max_age(max_age).http_only(true);
        let cookie = cookie.same_site(SameSite::Lax).secure(self.secure).build();
        let mut value = HeaderValue::try_from(cookie.to_string()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}
