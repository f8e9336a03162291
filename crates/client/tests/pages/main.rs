//! The pages as a browser receives them, in front of the real marketplace.

mod account;
mod actions;
mod app;
mod assets;
mod auth;
mod browser;
mod email_links;
mod error_pages;
mod escaping;
mod factor;
mod home;
mod over_http;
mod ticket_form;
mod unavailable;
mod visitor;
