mod create;
mod edit;
mod events;
mod list;
mod mine;
mod read;
mod search;
mod withdraw;
