//! Whole-system tests, the world they run in, and the load generator.
