//! The pages behind what every service stands behind.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use common::http::{Bodies, HttpContext, HttpSettings, MiddlewareStack, Sessions};
use common::{Ids, SharedClock};
use runtime::{HttpOptions, PrefixRouter};
use tower_http::compression::CompressionLayer;

use crate::api::Api;
use crate::client::Client;
use crate::visitor::visit;
use crate::{assets, errors, pages};

/// What the pages need to know.
pub struct Settings {
    /// The time.
    pub clock: SharedClock,
    /// New ids.
    pub ids: Ids,
    /// Tells who is signed in while auth does not answer.
    pub sessions: Sessions,
    /// How people reach the pages.
    pub http: HttpOptions,
    /// The address of Stripe's script, as payments has it: the checkout may load it.
    pub stripe_js: String,
}

/// All pages, ready to be served.
pub fn routes(settings: Settings, api: Api) -> Router {
    let context = HttpContext::new(HttpSettings {
        clock: settings.clock,
        ids: settings.ids,
        sessions: settings.sessions,
        public_url: settings.http.public_url,
        trusted_proxies: settings.http.trusted_proxies,
    });
    let client = Client { api, context: context.clone(), stripe_js: settings.stripe_js.into() };
    let pages = pages::routes().with_state(client.clone());
    let pages = pages.route_layer(from_fn_with_state(client.clone(), visit));
    let all = pages.route("/assets/{file}", get(assets::serve));
    let pages = MiddlewareStack::new(context.clone(), &[])
        .accepting(Bodies::Form)
        .wrap(all)
        .layer(from_fn_with_state(client.clone(), errors::show))
        .layer(CompressionLayer::new());
    // What lies below `/api` and is no service's is the API's to refuse, not a page's.
    PrefixRouter::new(vec![("/api", below_api(client, context))], pages).into_router()
}

fn below_api(client: Client, context: HttpContext) -> Router {
    let docs = Router::new().route("/api/docs", get(pages::docs::show)).with_state(client.clone());
    let docs = docs.route_layer(from_fn_with_state(client, visit));
    MiddlewareStack::new(context, &[]).wrap(docs).layer(CompressionLayer::new())
}
