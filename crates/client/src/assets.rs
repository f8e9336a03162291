//! Static assets: the style, embedded in every page, and scripts and images, named by content hash and immutable.

use std::collections::HashMap;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::Problem;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Name, content type and content.
const FILES: [(&str, &str, &str); 6] = [
    ("page.js", SCRIPT, include_str!("../assets/page.js")),
    ("home.js", SCRIPT, include_str!("../assets/home.js")),
    ("checkout.js", SCRIPT, include_str!("../assets/checkout.js")),
    ("passkey.js", SCRIPT, include_str!("../assets/passkey.js")),
    ("empty.svg", SVG, include_str!("../assets/empty.svg")),
    ("logo.svg", SVG, include_str!("../assets/logo.svg")),
];

/// The style sheet, about 6 KiB compressed. Inline, because fetching a file delays the first paint by a third.
pub(crate) const STYLE: &str = include_str!("../assets/style.css");

struct StaticAssets {
    /// Paths by name.
    paths: HashMap<&'static str, String>,
    /// Content types and contents by hashed file name.
    files: HashMap<String, (&'static str, &'static str)>,
}

static ASSETS: LazyLock<StaticAssets> = LazyLock::new(|| {
    let hashed = FILES.map(|(name, content_type, content)| {
        let hash = digest(&SHA256, content.as_bytes());
        let hash = URL_SAFE_NO_PAD.encode(&hash.as_ref()[..9]);
        let file = name
            .rsplit_once('.')
            .map_or_else(|| hash.clone(), |(stem, extension)| format!("{stem}.{hash}.{extension}"));
        (name, file, content_type, content)
    });
    StaticAssets {
        paths: hashed.iter().map(|(name, file, ..)| (*name, format!("/assets/{file}"))).collect(),
        files: hashed
            .into_iter()
            .map(|(_, file, content_type, content)| (file, (content_type, content)))
            .collect(),
    }
});

/// The path of an asset: `/assets/<name>.<hash>.<extension>`.
pub(crate) fn path(name: &str) -> &'static str {
    ASSETS.paths.get(name).map_or("", String::as_str)
}

/// `GET /assets/{file}`
pub(crate) async fn serve(Path(file): Path<String>) -> Result<Response, Problem> {
    let (content_type, content) = ASSETS.files.get(&file).ok_or_else(Problem::not_found)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    Ok((headers, *content).into_response())
}
