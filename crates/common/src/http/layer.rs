//! Layers from async functions, as `axum::middleware::from_fn` makes them, but cheaper: the requests of a route share its
//! inner service. For each request axum clones the inner service of every layer with all further layers inside, so the
//! cost of its layers grows with the square of their number.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use axum::routing::Route;
use futures::FutureExt;
use futures::future::Map;
use tower::{Layer, Service};

/// A layer that performs requests with `work`.
pub fn layer<F, W>(work: F) -> WorkLayer<F>
where
    F: Fn(Request, Next) -> W,
    W: Future<Output = Response>,
{
    WorkLayer(work)
}

/// See [`layer`].
#[derive(Clone)]
pub struct WorkLayer<F>(F);

/// The rest of the layers, and the handler.
pub struct Next(Arc<Route>);

/// A route within a layer.
#[derive(Clone)]
pub struct Layered<F> {
    work: F,
    inner: Arc<Route>,
}

impl<F: Clone> Layer<Route> for WorkLayer<F> {
    type Service = Layered<F>;

    fn layer(&self, inner: Route) -> Layered<F> {
        Layered { work: self.0.clone(), inner: Arc::new(inner) }
    }
}

impl<F, W> Service<Request> for Layered<F>
where
    F: Fn(Request, Next) -> W,
    W: Future<Output = Response>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Map<W, fn(Response) -> Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        (self.work)(request, Next(Arc::clone(&self.inner))).map(Ok)
    }
}

impl Next {
    /// Performs the request.
    pub async fn run(self, request: Request) -> Response {
        let Ok(response) = Route::clone(&self.0).call(request).await;
        response
    }
}
