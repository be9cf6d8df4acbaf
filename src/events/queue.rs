//! The bounded queue of events that wait to be drained. Offering never blocks.

use crate::fork::Fresh;
use crate::value::Value;
use crossbeam_channel::{Receiver, Sender};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Events in the order they happened. When the queue is full the **oldest** event leaves, and is counted.
///
/// A forked child begins with an empty queue: what waits is the parent's to deliver.
pub struct Queue {
    channel: Fresh<Channel>,
    capacity: usize,
    accepted: AtomicU64,
    dropped: AtomicU64,
}

struct Channel {
    sender: Sender<Value>,
    receiver: Receiver<Value>,
}

impl Channel {
    fn new() -> Self {
        // Grows with what waits: a bounded channel would set all its places aside for every client at once.
        let (sender, receiver) = crossbeam_channel::unbounded();
        Channel { sender, receiver }
    }
}

impl Queue {
    /// A queue of at most `capacity` events, at least one; while threads offer, one more for each of them.
    pub fn new(capacity: usize) -> Self {
        Queue {
            channel: Fresh::new(Channel::new),
            capacity: capacity.max(1),
            accepted: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        }
    }

    pub fn offer(&self, event: Value) {
        self.accepted.fetch_add(1, Relaxed);
        let channel = self.channel.get();
        // Both ends live in the channel, so sending cannot fail.
        let _ = channel.sender.send(event);
        if channel.receiver.len() > self.capacity && channel.receiver.try_recv().is_ok() {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Takes out up to `most` events, oldest first.
    pub fn drain(&self, most: usize) -> Vec<Value> {
        let channel = self.channel.get();
        channel.receiver.try_iter().take(most).collect()
    }

    pub fn len(&self) -> usize {
        self.channel.get().receiver.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The counters as they appear under `events` in the status.
    pub fn to_json(&self) -> Value {
        serde_json::json!({
            "queued": self.len(),
            "capacity": self.capacity,
            "accepted": self.accepted.load(Relaxed),
            "dropped": self.dropped.load(Relaxed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_full_queue_drops_the_oldest_and_counts_it() {
        let queue = Queue::new(2);
        for n in 1..=3 {
            queue.offer(json!(n));
        }
        assert_eq!(queue.drain(10), [json!(2), json!(3)]);
        assert_eq!(queue.to_json()["dropped"], 1);
        assert!(queue.is_empty());
    }

    #[test]
    fn draining_stops_at_the_asked_number() {
        let queue = Queue::new(10);
        for n in 1..=3 {
            queue.offer(json!(n));
        }
        assert_eq!(queue.drain(2), [json!(1), json!(2)]);
        assert_eq!(queue.len(), 1);
    }
}
