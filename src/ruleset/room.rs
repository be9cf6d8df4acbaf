//! Room for work that goes deep by recursion and is not ours to change, on threads of which nobody knows how much stack
//! they have left.

/// What the deepest pattern needs that the engines take, in a build without optimisations, and as much again.
const ROOM: usize = 8 << 20;

/// Does the work on a stack of its own, on the same thread. Costs a mapping of memory: not for the evaluation path.
pub fn with_room<T>(work: impl FnOnce() -> T) -> T {
    stacker::grow(ROOM, work)
}
