package flagstay

/*
#include "shim.h"
*/
import "C"

import "runtime"

// OverrideOption says for whom an override is. Without one it is for everybody who has no override of their own.
type OverrideOption struct {
	id string
}

// ForID makes an override one for users who have that id, their key or any other. Given more than once, it is one for
// each of them.
func ForID(id string) OverrideOption { return OverrideOption{id} }

// Override sets what a flag answers, in place of the ruleset, from the next decision on: a boolean for a gate, what
// encoding/json writes as an object for everything else. The flag need not be in the ruleset. Setting anew replaces.
//
//	err := client.Override(flagstay.KindGate, "new-checkout", true, flagstay.ForID("user-1"))
//
// Overrides live as long as the client and are no part of a store; Explain and All see them too. The errors are
// [ErrClosed] and [ErrInvalidArgument]: the value does not fit the kind, or the dialect knows no overrides, as all but
// Statsig's do not.
func (c *Client) Override(kind Kind, flag string, value any, options ...OverrideOption) error {
	number, err := kind.number()
	if err != nil {
		return err
	}
	document, err := encode("the override's value", value)
	if err != nil {
		return err
	}
	return c.override(options, func(id *C.char, length C.size_t, hasID C.int, s *scratch) C.int32_t {
		return C.fsgo_override_set(c.native, number, pointer(flag), C.size_t(len(flag)), hasID, id, length,
			bytesPointer(document), C.size_t(len(document)), s.native)
	})
}

// OverrideGroup sets that an experiment answers what its group of that name gets, as Override does a value. A group that
// the ruleset does not have answers an empty object.
func (c *Client) OverrideGroup(experiment, group string, options ...OverrideOption) error {
	return c.override(options, func(id *C.char, length C.size_t, hasID C.int, s *scratch) C.int32_t {
		return C.fsgo_override_set_group(c.native, pointer(experiment), C.size_t(len(experiment)), hasID, id, length,
			pointer(group), C.size_t(len(group)), s.native)
	})
}

// RemoveOverride removes the override of a flag for an id or, without [ForID], all overrides of the flag. That there is
// none is fine.
func (c *Client) RemoveOverride(kind Kind, flag string, options ...OverrideOption) error {
	number, err := kind.number()
	if err != nil {
		return err
	}
	return c.override(options, func(id *C.char, length C.size_t, hasID C.int, s *scratch) C.int32_t {
		return C.fsgo_override_remove(c.native, number, pointer(flag), C.size_t(len(flag)), hasID, id, length, s.native)
	})
}

// ClearOverrides removes all overrides of the client.
func (c *Client) ClearOverrides() error {
	native, err := c.handle()
	if err != nil {
		return err
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_override_clear(native, s.native)
	runtime.KeepAlive(c)
	return s.err(status)
}

// override changes something for each id of the options, or once for everybody.
func (c *Client) override(options []OverrideOption,
	change func(id *C.char, length C.size_t, hasID C.int, s *scratch) C.int32_t) error {
	if _, err := c.handle(); err != nil {
		return err
	}
	s := takeScratch()
	defer s.done()
	defer runtime.KeepAlive(c)
	if len(options) == 0 {
		return s.err(change(nil, 0, 0, s))
	}
	for _, option := range options {
		if err := s.err(change(pointer(option.id), C.size_t(len(option.id)), 1, s)); err != nil {
			return err
		}
	}
	return nil
}
