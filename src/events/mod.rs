//! Exposure and metric events on their way out.

pub mod queue;

pub use queue::Queue;
