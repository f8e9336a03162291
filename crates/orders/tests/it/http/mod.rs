mod cancel;
mod create;
mod events;
mod list;
mod market;
mod show;
