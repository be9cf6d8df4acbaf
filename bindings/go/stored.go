package flagstay

/*
#include "shim.h"
*/
import "C"

import (
	"encoding/json"
	"runtime"
)

// Peek reads the assignment of (unit, flag) without deciding or enrolling: the record as JSON in the platform's own
// shape; found is false where nothing is stored. The errors are [ErrNoStore], [ErrStore] and [ErrClosed].
func (c *Client) Peek(unit, flag string) (record json.RawMessage, found bool, err error) {
	native, err := c.handle()
	if err != nil {
		return nil, false, err
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_peek(native, pointer(unit), C.size_t(len(unit)), pointer(flag), C.size_t(len(flag)), s.native)
	runtime.KeepAlive(c)
	if err := s.err(status); err != nil {
		return nil, false, err
	}
	record, found = s.text()
	return record, found, nil
}

// Forget removes every assignment of a unit, for all flags, and returns how many there were. The errors are
// [ErrNoStore], [ErrStore] and [ErrClosed]; a store that fails half-way has removed a part.
func (c *Client) Forget(unit string) (removed uint64, err error) {
	native, err := c.handle()
	if err != nil {
		return 0, err
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_forget(native, pointer(unit), C.size_t(len(unit)), s.native)
	runtime.KeepAlive(c)
	if err := s.err(status); err != nil {
		return 0, err
	}
	return uint64(s.native.number), nil
}
