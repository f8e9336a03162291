//! Tests of expiration: what becomes of deadlines, whenever and however often the events come.

mod any_order;
mod domain;
mod fire;
mod forget;
mod samples;
