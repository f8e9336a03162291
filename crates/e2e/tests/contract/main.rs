//! The HTTP contract, checked against every route that the services describe: a new route fails here until it has a
//! row in [`routes::ROUTES`].

mod bodies;
mod caching;
mod credentials;
mod cross_site;
mod description;
mod enumeration;
mod fixture;
mod forgery;
mod headers;
mod http;
mod idempotency;
mod lists;
mod precedence;
mod routes;
mod routing;
mod schemathesis;
mod sessions;
mod verified_email;
mod write_limit;
