//! The HTTP contract, checked against every route that the services describe: a new route fails here until it has a
//! row in [`routes::ROUTES`].

mod addresses;
mod bodies;
mod caching;
mod callers;
mod cross_site;
mod description;
mod forgery;
mod headers;
mod idempotency;
mod lists;
mod precedence;
mod problem;
mod raw;
mod routes;
mod sessions;
mod stage;
