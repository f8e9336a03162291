//! The web client: server-rendered pages that work without JavaScript; scripts only improve them.

mod api;
mod assets;
mod client;
mod csp;
mod datetime;
mod error_pages;
mod form;
mod layout;
mod pages;
mod price;
mod qr;
mod render;
mod return_to;
mod text;
mod visitor;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use common::http::{Bodies, HttpContext, MiddlewareStack, Sessions};
use common::{Ids, SharedClock};
use runtime::{HttpOptions, PrefixRouter};
use tower_http::compression::CompressionLayer;

pub use crate::api::{Api, ServiceUrls};
use crate::client::Client;

/// The dependencies and settings of the pages.
pub struct Settings {
    /// The clock.
    pub clock: SharedClock,
    /// The source of new ids.
    pub ids: Ids,
    /// Verifies sessions while auth is unavailable.
    pub sessions: Sessions,
    /// The options of the HTTP side.
    pub http: HttpOptions,
    /// The URL of Stripe's script, as payments has it: the checkout's policy allows it.
    pub stripe_js: String,
}

/// The refusal of a script that browsers would load over http into pages of https, such as the simulator's: any program of
/// a visitor's machine can answer at its address.
#[derive(Debug, thiserror::Error)]
#[error(
    "pages of https must not load Stripe's script from {0}: leave PUBLIC_URL without https, or use Stripe instead of the simulator"
)]
pub struct InsecureScript(String);

/// Checks the URL of Stripe's script against the public URL.
///
/// # Errors
/// The public URL is https, and the script's is not.
pub fn check_script(public_url: Option<&str>, script: &str) -> Result<(), InsecureScript> {
    let is_https = public_url.is_some_and(|url| url.starts_with("https://"));
    if is_https && !script.starts_with("https://") {
        return Err(InsecureScript(script.to_owned()));
    }
    Ok(())
}

/// The router of all pages, with their middleware.
pub fn routes(settings: Settings, api: Api) -> Router {
    let context = settings.http.context("client", settings.clock, settings.ids, settings.sessions);
    let client = Client { api, context: context.clone(), stripe_js: settings.stripe_js.into() };
    let pages = pages::routes().with_state(client.clone());
    let pages = pages.route_layer(from_fn_with_state(client.clone(), visitor::identify));
    let all = pages.route("/assets/{file}", get(assets::serve));
    let pages = MiddlewareStack::new(context.clone(), &[])
        .accepting(Bodies::Form)
        .wrap(all)
        .layer(from_fn_with_state(client.clone(), error_pages::render_problems))
        .layer(CompressionLayer::new());
    // Unknown paths below `/api` get the API's JSON problem, not a page.
    PrefixRouter::new(vec![("/api", api_docs(client, context))], pages).into_router()
}

fn api_docs(client: Client, context: HttpContext) -> Router {
    let docs = Router::new().route("/api/docs", get(pages::docs::show)).with_state(client.clone());
    let docs = docs.route_layer(from_fn_with_state(client, visitor::identify));
    MiddlewareStack::new(context, &[]).wrap(docs).layer(CompressionLayer::new())
}
