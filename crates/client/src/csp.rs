//! The Content-Security-Policy: nothing from other hosts, no inline script, and no inline style but ours.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

use crate::assets::STYLE;

/// The directives that all policies share.
const COMMON: &str = "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// The inline style, allowed by its hash (<https://www.w3.org/TR/CSP3/#grammardef-hash-source>).
static STYLE_SRC: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    format!("style-src 'self' 'sha256-{hash}'")
});

static PAGE: LazyLock<HeaderValue> =
    LazyLock::new(|| header(&format!("default-src 'self'; {}; {COMMON}", *STYLE_SRC)));

/// The policy of pages.
pub(crate) fn page() -> HeaderValue {
    PAGE.clone()
}

/// The policy of the page with the card form: allows Stripe's `script`, its connections and its frames
/// (<https://docs.stripe.com/security/guide#content-security-policy>).
pub(crate) fn with_stripe(script: &str) -> HeaderValue {
    let Some(origin) = origin(script) else { return page() };
    let (scripts, connections, frames) = if origin == "https://js.stripe.com" {
        (
            "https://*.js.stripe.com",
            "https://api.stripe.com",
            "https://*.js.stripe.com https://hooks.stripe.com",
        )
    } else {
        ("", "", "")
    };
    header(&format!(
        "default-src 'self'; {style}; script-src 'self' {origin} {scripts}; connect-src 'self' {origin} {connections}; \
         frame-src 'self' {origin} {frames}; {COMMON}",
        style = *STYLE_SRC
    ))
}

/// A policy that is no valid header value falls back to the strictest one.
fn header(policy: &str) -> HeaderValue {
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Scheme and host of a URL.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_host_char = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    let valid = matches!(scheme, "http" | "https") && !host.is_empty() && host.chars().all(is_host_char);
    valid.then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(script: &str) -> String {
        with_stripe(script).to_str().expect("text").to_owned()
    }

    #[test]
    fn the_policy_names_the_origin_of_stripes_script() {
        let sim = policy("http://127.0.0.1:12111/stripe.js");
        assert!(sim.contains("script-src 'self' http://127.0.0.1:12111 ;"), "{sim}");
        assert!(policy("https://js.stripe.com/v3/").contains("https://api.stripe.com"));
    }

    #[test]
    fn an_invalid_url_allows_nothing() {
        for script in
            ["", "stripe.js", "javascript:alert(1)", "http://a b/", "http://x;script-src *", "ftp://x/"]
        {
            assert_eq!(with_stripe(script), page(), "{script}");
        }
    }
}
