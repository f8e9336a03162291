//! Databases of former releases, and of the next one.

mod documents;
mod generate;
mod golden;
