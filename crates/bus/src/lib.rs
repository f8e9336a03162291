//! Events between services: the port, its adapters, the relay from an outbox to the bus, the consumer loop, and the
//! conformance suite of the adapters.

pub mod conformance;
mod consume;
mod dead_letter;
#[cfg(feature = "jetstream")]
pub mod jetstream;
pub mod local;
mod port;
mod raw_event;
mod relay;
mod stream;

pub use consume::{Consume, ConsumeError, ConsumerLoop, Incoming, Limits, Subscription};
pub use dead_letter::DeadLetter;
#[cfg(feature = "jetstream")]
pub use jetstream::JetStream;
pub use local::LocalBus;
pub use port::{Bus, BusError, Delivery, Lagged};
pub use raw_event::{RawEvent, UnreadableEvent};
pub use relay::{Relay, find_unreadable_entries};
pub use stream::DEFAULT_STREAM_BYTES;
