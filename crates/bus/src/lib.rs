//! Events between services: one port, its adapters, the relay that empties an outbox into the bus, the loop that
//! feeds a consumer, and the suite that every adapter passes.

pub mod conformance;
mod consume;
mod dead_letter;
#[cfg(feature = "jetstream")]
pub mod jetstream;
pub mod local;
mod port;
mod relay;

pub use consume::{ConsumerLoop, Limits};
pub use dead_letter::DeadLetter;
#[cfg(feature = "jetstream")]
pub use jetstream::JetStream;
pub use local::LocalBus;
pub use port::{Bus, BusError, Consume, ConsumeError, Delivery, Incoming, Lagged, Subscription};
pub use relay::Relay;
