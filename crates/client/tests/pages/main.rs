//! The pages as a browser gets them, in front of the real marketplace.

mod account;
mod assets;
mod away;
mod browser;
mod buying;
mod errors;
mod escaping;
mod forms;
mod over_http;
mod searching;
mod signing;
mod visitors;
