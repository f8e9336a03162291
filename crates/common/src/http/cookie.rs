//! The session cookie.

use http::HeaderMap;
use http::HeaderValue;
use http::header::COOKIE;

use super::HttpContext;

/// The one cookie: its name and attributes.
#[derive(Debug, Clone, Copy)]
pub struct SessionCookie {
    secure: bool,
}

impl SessionCookie {
    /// How long a browser keeps it, in seconds: as long as a session can live at most.
    const MAX_AGE: u32 = 30 * 24 * 60 * 60;

    /// The cookie of a service that is reached as `context` says.
    pub fn of(context: &HttpContext) -> Self {
        Self { secure: context.is_secure() }
    }

    /// Behind https the name itself binds the cookie to the host (RFC 6265bis, `__Host-`).
    const fn name(self) -> &'static str {
        if self.secure { "__Host-session" } else { "session" }
    }

    /// The token that the request carries.
    pub fn read(self, headers: &HeaderMap) -> Option<&str> {
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find(|(name, _)| *name == self.name())
            .map(|(_, token)| token)
    }

    /// `Set-Cookie` with a token.
    pub fn set(self, token: &str) -> Option<HeaderValue> {
        self.header(token, Self::MAX_AGE)
    }

    /// `Set-Cookie` that takes the cookie away.
    pub fn clear(self) -> Option<HeaderValue> {
        self.header("", 0)
    }

    fn header(self, token: &str, max_age: u32) -> Option<HeaderValue> {
        let (name, secure) = (self.name(), if self.secure { "; Secure" } else { "" });
        let text = format!("{name}={token}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}
