//! What waits for an inner evaluation, and what becomes of it then.

use super::cursor::{Cursor, Next};
use super::evaluate::{Evaluation, Failure};
use super::mapping::MappingAt;
use super::nested::{Asking, Calling};
use super::rules::Spec;
use crate::ruleset::trace::Trace;

/// What goes on once an inner evaluation has ended.
pub enum Waiting<'r, 'h> {
    /// A condition that asks a gate.
    Gate(Asking<'r, 'h>),
    /// A spec that delegates.
    Delegate(&'r Spec),
    /// A rule of a merging layer that delegates.
    Merge(Cursor<'r>, &'r Spec),
    Mapped(MappingAt<'r>),
    /// A condition that asks for the group in another experiment.
    Call(Calling<'r, 'h>),
}

/// Those who wait, the innermost first to go on. Most evaluations put nobody aside, or one at a time, and need no list.
#[derive(Default)]
pub struct Stack<'r, 'h> {
    outermost: Option<Waiting<'r, 'h>>,
    others: Vec<Waiting<'r, 'h>>,
}

impl<'r, 'h> Stack<'r, 'h> {
    pub fn push(&mut self, waiting: Waiting<'r, 'h>) {
        match self.outermost {
            None => self.outermost = Some(waiting),
            Some(_) => self.others.push(waiting),
        }
    }

    pub fn pop(&mut self) -> Option<Waiting<'r, 'h>> {
        self.others.pop().or_else(|| self.outermost.take())
    }
}

impl<'c, 'r: 'c, 'h, T: Trace> Evaluation<'c, 'r, 'h, T> {
    /// Goes on with what waited for an evaluation that has ended.
    pub fn resume(&mut self, waiting: Waiting<'r, 'h>, found: bool) -> Next<'r> {
        match waiting {
            Waiting::Gate(asking) => self.leave_gate(asking),
            Waiting::Delegate(delegate) => {
                self.leave_delegate(delegate);
                self.finish()
            }
            Waiting::Merge(cursor, delegate) => {
                self.leave_delegate(delegate);
                self.merge_delegate(cursor, delegate)
            }
            Waiting::Mapped(at) => self.leave_mapping(at, found),
            Waiting::Call(calling) => self.leave_call(calling, Ok(found)),
        }
    }

    /// What waited for an evaluation that failed fails too, except for conditions of mappings and calls of their own.
    pub fn unwind(&mut self, waiting: Waiting<'r, 'h>, failure: Failure) -> Next<'r> {
        match (waiting, failure) {
            (Waiting::Gate(asking), _) => self.fail_gate(asking, failure),
            (Waiting::Delegate(delegate) | Waiting::Merge(_, delegate), _) => {
                self.fail_delegate(delegate, failure)
            }
            (Waiting::Mapped(_), _) => self.fail_mapping(failure),
            (Waiting::Call(calling), Failure::TooDeep) => self.leave_call(calling, Err(failure)),
            (Waiting::Call(_), Failure::TooLong) => Next::Failed(failure),
        }
    }
}
