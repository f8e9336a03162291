//! Databases of former releases, and of the next one.

mod generate;
mod golden;
