//! Where to go after signing in.

/// The longest address that is followed.
const LONGEST: usize = 1024;

/// The address if it lies within this site, else the home page. Browsers drop tabs and line ends and read `\` as `/`
/// (WHATWG URL standard), so that only plain visible ASCII is followed.
pub(crate) fn within_the_site(next: &str) -> &str {
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let ours = next.starts_with('/') && !next.starts_with("//");
    // Signing in leads to signing in no more.
    let elsewhere = !next.starts_with("/auth/");
    if plain && ours && elsewhere && next.len() <= LONGEST { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::within_the_site;

    #[test]
    fn only_addresses_of_this_site_are_followed() {
        for next in ["/", "/mine", "/tickets/new?x=1&y=%2F#top", "/?q=https://example.com"] {
            assert_eq!(within_the_site(next), next);
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
            assert_eq!(within_the_site(next), "/", "{next:?}");
        }
        assert_eq!(within_the_site(&format!("/{}", "a".repeat(2000))), "/");
    }
}
