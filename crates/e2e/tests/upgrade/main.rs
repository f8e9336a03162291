//! Databases of former releases, and of the next one.

mod documents;
mod formats;
mod generate;
mod golden;
mod next_release;
mod side_by_side;
