package flagstay

/*
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"sync/atomic"
)

// Switch is a flag of a client that is asked again and again whether it is on. It is made once, by
// [Client.PrepareSwitch], and kept where a handler or a worker keeps its client; nothing is then looked up by a name any
// more. It follows the client's rulesets: an answer is never older than the last [Client.Update] that returned before
// it was asked for.
//
// Any number of goroutines may ask a switch at once. It keeps its client from being collected, but not from being
// closed: then it answers the fallback, as all evaluations do. Do not copy switches.
type Switch struct {
	fallback bool
	// nil: the switch has been closed. Whoever is asking it just then holds what is prepared until they are done.
	prepared atomic.Pointer[prepared]
}

// prepared is what is freed when nobody can reach it any more, and so nobody can be asking it: that makes Close safe
// beside running calls without a count on the path of every call.
type prepared struct {
	native *C.flagstay_switch
	// A native switch must not be asked after its client was freed.
	client *Client
	// As in User: what the collector sees should be about as large as what there is.
	_ [368]byte
}

// PrepareSwitch makes a flag that is asked often cheap to ask: [Switch.On] answers what [Client.Bool] does with the same
// flag and fallback, at three fifths of its cost where a flag is plain. Prepare a switch once, not for each
// question.
//
// The flag need not exist yet, nor be a switch: what it is shows each time it is asked. A closed client still prepares
// switches, which answer fallback. A flag that is not UTF-8 is an [ErrInvalidUTF8].
func (c *Client) PrepareSwitch(flag string, fallback bool) (*Switch, error) {
	native, err := c.handle()
	if err != nil {
		return nil, err
	}
	var given C.uint8_t
	if fallback {
		given = 1
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_switch_new(native, pointer(flag), C.size_t(len(flag)), given, s.native)
	runtime.KeepAlive(c)
	if err := s.err(status); err != nil {
		return nil, err
	}
	ready := &prepared{native: s.native.prepared, client: c}
	s.native.prepared = nil
	runtime.AddCleanup(ready, func(native *C.flagstay_switch) { C.fsgo_switch_free(native) }, ready.native)
	made := &Switch{fallback: fallback}
	made.prepared.Store(ready)
	return made, nil
}

// On decides the switch for a user as [Client.Bool] does: where there is no decision it answers the fallback that the
// switch was prepared with. So it does once the switch or its client has been closed.
//
// It allocates nothing and costs one native call, plus what the store takes where the flag is sticky.
func (s *Switch) On(user *User) bool {
	ready := s.prepared.Load()
	native, err := user.handle()
	if ready == nil || err != nil {
		return s.fallback
	}
	collectGarbageWhenDebugging()
	// With no text of Go's to keep on the goroutine's stack, `noescape` and `nocallback` would only make this dearer; without
	// them it may call back, and so it serves all clients.
	answer := C.fsgo_switch_on(ready.native, native)
	runtime.KeepAlive(ready)
	runtime.KeepAlive(user)
	// The status is in the bits above.
	return answer&1 != 0
}

// Close lets go of the client. It is optional, may be called twice and beside calls that are asking the switch; these
// still get their decision, and On answers the fallback from then on. The native memory is given back at the next
// garbage collection.
func (s *Switch) Close() error {
	s.prepared.Store(nil)
	return nil
}
