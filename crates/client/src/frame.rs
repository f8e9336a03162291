//! What stands around every page: header, notices, footer.

use crate::assets;
use crate::text::{ENGLISH, Texts};
use crate::visitor::{Person, Visitor};

/// What stands around every page.
pub(crate) struct Frame {
    /// The words.
    pub(crate) t: &'static Texts,
    /// Who looks at it.
    pub(crate) person: Option<Person>,
    /// Nobody can sign in or up now.
    pub(crate) auth_is_away: bool,
    /// What was just done, told once.
    pub(crate) done: Option<&'static str>,
    /// Where the visitor is: path and query.
    pub(crate) place: String,
}

impl Frame {
    /// The frame of a visitor's page.
    pub(crate) fn of(visitor: &Visitor) -> Self {
        let t = &ENGLISH;
        let query = visitor.place.split_once('?').map_or("", |(_, query)| query);
        let done = query.split('&').find_map(|pair| pair.strip_prefix("done="));
        Self {
            t,
            person: visitor.person.clone(),
            auth_is_away: visitor.auth_is_away,
            done: done.and_then(|word| t.done(word)),
            place: visitor.place.clone(),
        }
    }

    /// The address of an asset.
    #[expect(clippy::unused_self, reason = "templates see the frame and nothing else")]
    pub(crate) fn asset(&self, name: &str) -> &'static str {
        assets::address(name)
    }

    /// Whether the visitor is on the page of this path.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.place.split('?').next() == Some(path)
    }

    /// The way to signing in and back.
    pub(crate) fn sign_in(&self) -> String {
        self.through("/auth/signin")
    }

    /// The way to signing up and back.
    pub(crate) fn sign_up(&self) -> String {
        self.through("/auth/signup")
    }

    fn through(&self, page: &str) -> String {
        if self.place == "/" || self.place.starts_with("/auth/") {
            return page.to_owned();
        }
        sign_in_for(page, &self.place)
    }
}

/// The address of a page that leads on to `next`.
pub(crate) fn sign_in_for(page: &str, next: &str) -> String {
    let query = serde_urlencoded::to_string([("next", next)]).unwrap_or_default();
    format!("{page}?{query}")
}
