mod create;
mod edit;
mod list;
mod mine;
mod read;
mod withdraw;
