mod cancel;
mod create;
mod list;
mod market;
mod show;
