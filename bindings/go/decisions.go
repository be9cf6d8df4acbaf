package flagstay

/*
#include "shim.h"
*/
import "C"

import (
	"iter"
	"runtime"
	"unsafe"
)

// Decisions are the decisions for all flags of one user, made at one moment on one ruleset. Any number of goroutines
// may use them.
type Decisions struct {
	client  *Client
	exposes bool
	shared  shared
	count   int
	origin  *origin
}

// place is where a decision stands among those for all flags.
type place struct {
	origin *origin
	index  int
}

// origin is what Decisions are known by. It is no part of them, so that one decision does not keep all. It must have a
// size, or all origins might be the same.
type origin struct{ _ byte }

// All decides every flag for a user. It stores what Evaluate would store, and queues no exposure: [Decisions.Get] and
// [Decisions.Expose] do that for the flags that the user sees. With [ReadOnly] nothing is stored and nothing is ever
// queued. The error says why there are no decisions: no ruleset, or a user that the platform's rules refuse.
func (c *Client) All(user *User, options ...Option) (*Decisions, error) {
	given, asked, err := combined(options)
	if err != nil {
		return nil, err
	}
	native, who, err := c.handles(user)
	if err != nil {
		return nil, err
	}
	assignments, err := given.assignments.borrow()
	if err != nil {
		return nil, err
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_evaluate_all(native, who, asked, assignments, s.native)
	given.assignments.giveBack()
	runtime.KeepAlive(c)
	runtime.KeepAlive(user)
	if status != C.FLAGSTAY_OK {
		err := s.err(status).(*Error)
		err.closed = c.closed.Load()
		return nil, err
	}
	made := &Decisions{client: c, exposes: given.bits&C.FSGO_READ == 0, origin: new(origin)}
	made.count = int(C.fsgo_decisions_count(s.native.decisions))
	own(made, &made.shared, unsafe.Pointer(s.native.decisions), freeDecisions)
	s.native.decisions = nil
	return made, nil
}

func freeDecisions(native unsafe.Pointer) { C.fsgo_decisions_free((*C.flagstay_decisions)(native)) }

// Len is how many decisions there are.
func (d *Decisions) Len() int { return d.count }

// Get finds the decision for a flag, and queues its exposure event, if the client collects exposures, each time it is
// asked. The error is that of [Client.Evaluate], and [ErrFlagNotFound] where there is no decision for the flag. Where
// flags of several kinds share a name it finds the first of them.
func (d *Decisions) Get(flag string) (Decision, error) { return d.GetKind(KindAny, flag) }

// GetKind does the same for a flag of a certain kind (Statsig).
func (d *Decisions) GetKind(kind Kind, flag string) (decision Decision, err error) {
	number, err := kind.number()
	if err != nil {
		return failed(flag, nil, err)
	}
	native, open := d.shared.borrow()
	if !open {
		return failed(flag, nil, newError(CodeClosed, "the decisions have been closed"))
	}
	defer d.shared.giveBack()
	var exposer *C.flagstay_client
	if d.exposes {
		exposer = d.client.native
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_decisions_get((*C.flagstay_decisions)(native), exposer, number, pointer(flag), C.size_t(len(flag)),
		s.native)
	runtime.KeepAlive(d)
	if status == C.FLAGSTAY_FLAG_NOT_FOUND {
		return failed(flag, nil, &Error{Code: CodeFlagNotFound, Message: about(flag, "there is no such decision")})
	}
	if err := s.err(status); err != nil {
		return failed(flag, nil, err)
	}
	s.copyTo(&decision, flag)
	return decision, decision.Err()
}

// Each goes through the decisions in the order of the ruleset:
//
//	for flag, decision := range decisions.Each() {
//		…
//	}
//
// It makes one decision at a time, and queues no exposure: somebody who goes through all flags sees none of them in
// particular. [Decisions.Expose] does that for those that the user sees.
func (d *Decisions) Each() iter.Seq2[string, Decision] {
	return func(yield func(string, Decision) bool) {
		for index := range d.count {
			decision, ok := d.at(index)
			if !ok || !yield(decision.Flag, decision) {
				return
			}
		}
	}
}

// Expose queues the exposure event of a decision that [Decisions.Each] gave, if the client collects exposures, as
// Evaluate would have. The error is [ErrInvalidArgument] for a decision from elsewhere, and [ErrClosed].
func (d *Decisions) Expose(decision Decision) error {
	if decision.place == nil || decision.place.origin != d.origin {
		return newError(CodeInvalidArgument, "%s", about(decision.Flag, "the decision is none of these"))
	}
	native, open := d.shared.borrow()
	if !open {
		return newError(CodeClosed, "the decisions have been closed")
	}
	defer d.shared.giveBack()
	if !d.exposes {
		return nil
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_decisions_expose((*C.flagstay_decisions)(native), d.client.native, C.size_t(decision.place.index), s.native)
	runtime.KeepAlive(d)
	return s.err(status)
}

func (d *Decisions) at(index int) (decision Decision, ok bool) {
	native, open := d.shared.borrow()
	if !open {
		return Decision{}, false
	}
	defer d.shared.giveBack()
	s := takeScratch()
	defer s.done()
	status := C.fsgo_decisions_at((*C.flagstay_decisions)(native), C.size_t(index), s.native)
	runtime.KeepAlive(d)
	s.copyTo(&decision, "")
	decision.place = &place{d.origin, index}
	return decision, status == C.FLAGSTAY_OK
}

// Close gives the native memory back now rather than at the next garbage collection. It is optional, and may be called
// twice. Get then returns [ErrClosed], and Each ends.
func (d *Decisions) Close() error {
	d.shared.close()
	runtime.KeepAlive(d)
	return nil
}
