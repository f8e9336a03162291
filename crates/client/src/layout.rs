//! The layout around every page: header, notices, footer.

use common::http::VerifiedEmail;

use crate::assets;
use crate::return_to::with_return_to;
use crate::text::{ENGLISH, Texts};
use crate::visitor::{User, Visitor};

/// The data of the layout.
pub(crate) struct Layout {
    /// The texts.
    pub(crate) t: &'static Texts,
    /// The signed-in user.
    pub(crate) user: Option<User>,
    /// Auth is unavailable: signing in and up fails.
    pub(crate) auth_unavailable: bool,
    /// The actions that the visitor may take only once their email address is verified.
    pub(crate) needs_verified: VerifiedEmail,
    /// The success notice of the form that redirected here, shown once.
    pub(crate) notice: Option<&'static str>,
    /// Path and query of this page.
    pub(crate) uri: String,
}

impl Layout {
    pub(crate) fn of(visitor: &Visitor) -> Self {
        let t = &ENGLISH;
        let query = visitor.uri.split_once('?').map_or("", |(_, query)| query);
        let done = query.split('&').find_map(|pair| pair.strip_prefix("done="));
        Self {
            t,
            user: visitor.user.clone(),
            auth_unavailable: visitor.auth_unavailable,
            needs_verified: visitor.needs_verified,
            notice: done.and_then(|name| t.notice(name)),
            uri: visitor.uri.clone(),
        }
    }

    /// The path of an asset.
    #[expect(clippy::unused_self, reason = "templates see only the layout")]
    pub(crate) fn asset(&self, name: &str) -> &'static str {
        assets::path(name)
    }

    /// Whether this is the page of `path`.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.uri.split('?').next() == Some(path)
    }

    /// The sign-in page, returning here.
    pub(crate) fn sign_in(&self) -> String {
        self.returning_here("/auth/signin")
    }

    /// The sign-up page, returning here.
    pub(crate) fn sign_up(&self) -> String {
        self.returning_here("/auth/signup")
    }

    fn returning_here(&self, page: &str) -> String {
        if self.uri == "/" || self.uri.starts_with("/auth/") {
            return page.to_owned();
        }
        with_return_to(page, &self.uri)
    }
}
