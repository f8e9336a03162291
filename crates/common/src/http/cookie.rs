//! The cookies of the site, bound to its host: the session's, the one of a browser that has signed in, and the one of a
//! sign-in that waits for the second factor.

use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use super::HttpContext;

/// The name and attributes of a cookie of this host.
///
/// With https the name has a prefix that binds the cookie to the host (RFC 6265bis, `__Host-`), and no other name
/// counts. Without https sibling hosts can set cookies of the same name, so a request may have several.
#[derive(Debug, Clone, Copy)]
pub struct HostCookie {
    secure: bool,
    /// The names without and with https.
    names: [&'static str; 2],
    max_age: Duration,
}

impl HostCookie {
    /// The largest number of cookies of one name that count: bounds the work of a request with many.
    const MAX_VALUES: usize = 8;

    /// The cookie with the session token, kept as long as the longest session.
    pub fn session(context: &HttpContext) -> Self {
        let names = ["session", "__Host-session"];
        Self { secure: context.is_secure(), names, max_age: Duration::days(30) }
    }

    /// The cookie that tells a browser that has signed in before, kept for a year.
    pub fn device(context: &HttpContext) -> Self {
        let names = ["device", "__Host-device"];
        Self { secure: context.is_secure(), names, max_age: Duration::days(365) }
    }

    /// The cookie of the pages with the challenge of a sign-in, kept as long as that counts.
    pub fn challenge(context: &HttpContext) -> Self {
        let names = ["challenge", "__Host-challenge"];
        Self { secure: context.is_secure(), names, max_age: Duration::minutes(5) }
    }

    /// The name, by the scheme.
    pub const fn name(self) -> &'static str {
        self.names[self.secure as usize]
    }

    /// The values in a request's headers, first to last.
    pub fn values(self, headers: &HeaderMap) -> impl Iterator<Item = String> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let cookies = cookies.flat_map(Cookie::split_parse).flatten();
        let ours = cookies.filter(move |cookie| cookie.name() == self.name());
        ours.take(Self::MAX_VALUES).map(|cookie| cookie.value().to_owned())
    }

    /// The `Set-Cookie` value with this content.
    pub fn set(self, content: &str) -> Option<HeaderValue> {
        self.header(content, self.max_age)
    }

    /// The `Set-Cookie` value that removes the cookie.
    pub fn clear(self) -> Option<HeaderValue> {
        self.header("", Duration::ZERO)
    }

    fn header(self, content: &str, max_age: Duration) -> Option<HeaderValue> {
        let cookie = Cookie::build((self.name(), content)).path("/").max_age(max_age).http_only(true);
        let cookie = cookie.same_site(SameSite::Lax).secure(self.secure).build();
        let mut value = HeaderValue::try_from(cookie.to_string()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(secure: bool, cookies: &'static str) -> Vec<String> {
        let names = ["session", "__Host-session"];
        let cookie = HostCookie { secure, names, max_age: Duration::days(1) };
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(cookies))]);
        cookie.values(&headers).collect()
    }

    #[test]
    fn only_the_name_of_the_scheme_counts() {
        let cookies = "session=junk; theme=dark; __Host-session=good; session=other";
        assert_eq!(values(true, cookies), ["good"]);
        assert_eq!(values(false, cookies), ["junk", "other"]);
    }

    #[test]
    fn the_number_of_values_is_bounded() {
        let many = "session=1; session=2; session=3; session=4; session=5; session=6; session=7; session=8; session=9";
        assert_eq!(values(false, many).len(), HostCookie::MAX_VALUES);
    }
}
