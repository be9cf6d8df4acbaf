//! Explanations: the evaluation itself, watched.
//!
//! A dialect writes its evaluation once, generic over [`Trace`]. Deciding passes [`Silent`], whose methods are
//! empty and vanish; explaining passes a [`Recorder`]. There is no second evaluation that could answer differently.

use crate::value::Value;

/// Someone who watches an evaluation. A step is a JSON object; its maker runs only where somebody looks.
pub trait Trace {
    /// Notes one finished step.
    fn step(&mut self, make: impl FnOnce() -> Value);
    /// Begins a step that has steps of its own.
    fn enter(&mut self);
    /// Ends the innermost step that was begun; its inner steps are put under `steps`.
    fn leave(&mut self, make: impl FnOnce() -> Value);
}

/// Nobody watches.
pub struct Silent;

impl Trace for Silent {
    #[inline(always)]
    fn step(&mut self, _: impl FnOnce() -> Value) {}
    #[inline(always)]
    fn enter(&mut self) {}
    #[inline(always)]
    fn leave(&mut self, _: impl FnOnce() -> Value) {}
}

/// Writes every step down.
#[derive(Default)]
pub struct Recorder {
    done: Vec<Value>,
    open: Vec<Vec<Value>>,
}

impl Recorder {
    /// The steps, outermost first, in the order they happened.
    pub fn into_steps(mut self) -> Vec<Value> {
        // An evaluation that ended early leaves steps open; what they saw is kept.
        while !self.open.is_empty() {
            self.leave(|| Value::Object(Default::default()));
        }
        self.done
    }
}

impl Trace for Recorder {
    fn step(&mut self, make: impl FnOnce() -> Value) {
        self.done.push(make());
    }

    fn enter(&mut self) {
        self.open.push(std::mem::take(&mut self.done));
    }

    fn leave(&mut self, make: impl FnOnce() -> Value) {
        let outer = self.open.pop().unwrap_or_default();
        let inner = std::mem::replace(&mut self.done, outer);
        let mut step = make();
        if let (Value::Object(step), false) = (&mut step, inner.is_empty()) {
            step.insert("steps".to_owned(), Value::Array(inner));
        }
        self.done.push(step);
    }
}
