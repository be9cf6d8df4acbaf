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
	client *Client
	expose bool
	shared shared
	count  int
}

// All decides every flag for a user. It stores what Evaluate would store, and queues no exposure: [Decisions.Get] does
// that for the flags that are looked at. With [ReadOnly] nothing is stored and nothing is ever queued. The error says
// why there are no decisions: no ruleset, or a user that the platform's rules refuse.
func (c *Client) All(user *User, options ...Option) (*Decisions, error) {
	given, asked, err := combined(options)
	if err != nil {
		return nil, err
	}
	native, err := user.handle()
	if err != nil {
		return nil, err
	}
	assignments, err := given.assignments.borrow()
	if err != nil {
		return nil, err
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_evaluate_all(c.native, native, asked, assignments, s.native)
	given.assignments.giveBack()
	runtime.KeepAlive(c)
	runtime.KeepAlive(user)
	if status != C.FLAGSTAY_OK {
		err := s.err(status).(*Error)
		err.closed = c.closed.Load()
		return nil, err
	}
	made := &Decisions{client: c, expose: given.bits&C.FSGO_READ == 0}
	made.count = int(C.fsgo_decisions_count(s.native.decisions))
	own(made, &made.shared, unsafe.Pointer(s.native.decisions), freeDecisions)
	s.native.decisions = nil
	return made, nil
}

func freeDecisions(native unsafe.Pointer) { C.fsgo_decisions_free((*C.flagstay_decisions)(native)) }

// Len is how many decisions there are.
func (d *Decisions) Len() int { return d.count }

// Get finds the decision for a flag, and queues its exposure event, if the client collects exposures, each time it is
// asked. The error is that of [Client.Evaluate], and [ErrFlagNotFound] where there is no decision for the flag.
func (d *Decisions) Get(flag string) (Decision, error) {
	native, open := d.shared.borrow()
	if !open {
		return failed(flag, nil, newError(CodeClosed, "the decisions have been closed"))
	}
	defer d.shared.giveBack()
	var exposer *C.flagstay_client
	if d.expose {
		exposer = d.client.native
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_decisions_get((*C.flagstay_decisions)(native), exposer, pointer(flag), C.size_t(len(flag)), s.native)
	runtime.KeepAlive(d)
	if status == C.FLAGSTAY_FLAG_NOT_FOUND {
		return failed(flag, nil, &Error{Code: CodeFlagNotFound, Message: about(flag, "there is no such decision")})
	}
	if err := s.err(status); err != nil {
		return failed(flag, nil, err)
	}
	decision := s.decision(flag)
	return decision, decision.Err()
}

// Each goes through the decisions in the order of the ruleset. It queues no exposure: somebody who looks at all flags
// sees none of them in particular.
func (d *Decisions) Each() iter.Seq2[string, Decision] {
	return func(yield func(string, Decision) bool) {
		for at := range d.count {
			decision, ok := d.at(at)
			if !ok || !yield(decision.Flag, decision) {
				return
			}
		}
	}
}

func (d *Decisions) at(index int) (Decision, bool) {
	native, open := d.shared.borrow()
	if !open {
		return Decision{}, false
	}
	defer d.shared.giveBack()
	s := takeScratch()
	defer s.done()
	status := C.fsgo_decisions_at((*C.flagstay_decisions)(native), C.size_t(index), s.native)
	runtime.KeepAlive(d)
	return s.decision(""), status == C.FLAGSTAY_OK
}

// Close gives the native memory back now rather than at the next garbage collection. It is optional, and may be called
// twice. Get then returns [ErrClosed], and Each ends.
func (d *Decisions) Close() error {
	d.shared.close()
	runtime.KeepAlive(d)
	return nil
}
