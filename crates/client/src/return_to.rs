//! The page to return to after signing in.

/// Far above the longest address of this site.
const MAX_RETURN_TO: usize = 1024;

/// The address of `page`, with `next` as the page to return to.
pub(crate) fn with_return_to(page: &str, next: &str) -> String {
    let query = serde_urlencoded::to_string([("next", next)]).unwrap_or_default();
    format!("{page}?{query}")
}

/// Returns `next` if it is an address of this site, else the home page: no open redirect. Only visible ASCII is accepted,
/// because browsers drop tabs and line ends and read `\` as `/` (WHATWG URL standard).
pub(crate) fn local_or_home(next: &str) -> &str {
    let visible_ascii = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let local = next.starts_with('/') && !next.starts_with("//");
    // Signing in never returns to signing in.
    let outside_auth = !next.starts_with("/auth/");
    if visible_ascii && local && outside_auth && next.len() <= MAX_RETURN_TO { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local_or_home;

    #[test]
    fn only_addresses_of_this_site_are_followed() {
        for next in ["/", "/mine", "/tickets/new?x=1&y=%2F#top", "/?q=https://example.com"] {
            assert_eq!(local_or_home(next), next);
        }
        for next in [
            "",
            "mine",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            " /mine",
            "/a b",
            "/ä",
            "/auth/signin",
        ] {
            assert_eq!(local_or_home(next), "/", "{next:?}");
        }
        assert_eq!(local_or_home(&format!("/{}", "a".repeat(2000))), "/");
    }
}
