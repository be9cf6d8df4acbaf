package flagstay

/*
#include "shim.h"
*/
import "C"

import (
	"encoding/json"
	"runtime"
	"unicode/utf8"
	"unsafe"
)

// Assignments are what a store held for a user when it was asked, to be passed to any number of decisions by
// [WithAssignments]. They are a snapshot: later decisions do not change it. Any number of goroutines may use them.
//
// Only Statsig's contract takes assignments from the caller; the other platforms read the store themselves. There, three
// cases differ: no assignments are passed (the stored one is removed), assignments without the flag (the user is
// enrolled), assignments with the flag (they answer).
//
// A nil *Assignments is none, and all methods may be called on it.
type Assignments struct {
	shared shared
	err    error
	// As in User: what the collector sees should be about as large as what there is.
	_ [920]byte
}

// LoadAssignments asks the store what it holds for a user, by their id of type idType: "userID" for their key, otherwise
// the name of one of their ids. Assignments and error are both nil where the user has no such id: passing that on is
// passing none.
//
// A store that fails fails no decision and not this call: [Assignments.Err] says so, and a decision that the assignments
// are passed to is made by the rules, carries the store's error, and writes and removes nothing. The same holds while
// there is no ruleset. Without a store there is nothing in the assignments.
func (c *Client) LoadAssignments(user *User, idType string) (*Assignments, error) {
	native, who, err := c.handles(user)
	if err != nil {
		return nil, err
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_assignments_load(native, who, pointer(idType), C.size_t(len(idType)), s.native)
	runtime.KeepAlive(c)
	runtime.KeepAlive(user)
	if err := s.err(status); err != nil || s.native.assignments == nil {
		return nil, err
	}
	loaded := s.assignments()
	if why := s.bytes(); len(why) > 0 {
		loaded.err = &Error{Code: CodeStoreFailed, Message: string(why)}
	}
	return loaded, nil
}

// NewAssignments makes assignments from what the caller has: flag to record, as [Loader] gives them. A record that is
// not as the platform writes them counts for its flag alone, as if no assignments were passed; a nil record is none.
func NewAssignments(records map[string]json.RawMessage) (*Assignments, error) {
	for flag := range records {
		if !utf8.ValidString(flag) {
			return nil, newError(CodeInvalidUTF8, "flag %q: the text is not UTF-8", flag)
		}
	}
	return AssignmentsFromJSON(listed(records))
}

// AssignmentsFromJSON makes assignments from a JSON object, flag to record; see [NewAssignments].
func AssignmentsFromJSON(records []byte) (*Assignments, error) {
	if err := loaded(); err != nil {
		return nil, err
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_assignments_from_json(bytesPointer(records), C.size_t(len(records)), s.native)
	if err := s.err(status); err != nil {
		return nil, err
	}
	return s.assignments(), nil
}

// assignments takes the handle out of the scratch.
func (s *scratch) assignments() *Assignments {
	made := new(Assignments)
	own(made, &made.shared, unsafe.Pointer(s.native.assignments), freeAssignments)
	s.native.assignments = nil
	return made
}

func freeAssignments(native unsafe.Pointer) {
	C.fsgo_assignments_free((*C.flagstay_assignments)(native))
}

// Err is why the store did not say what it holds, an [ErrStore]; nil: it did.
func (a *Assignments) Err() error {
	if a == nil {
		return nil
	}
	return a.err
}

// Records are the records by flag, nil for nil assignments. The error is [ErrClosed].
func (a *Assignments) Records() (map[string]json.RawMessage, error) {
	text, err := a.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var records map[string]json.RawMessage
	if err := json.Unmarshal(text, &records); err != nil {
		return nil, newError(CodeInternal, "the assignments cannot be read: %v", err)
	}
	return records, nil
}

// MarshalJSON writes the records as an object, flag to record, in the order of the flags; null for nil assignments.
func (a *Assignments) MarshalJSON() ([]byte, error) {
	if a == nil {
		return []byte("null"), nil
	}
	native, err := a.borrow()
	if err != nil {
		return nil, err
	}
	defer a.giveBack()
	s := takeScratch()
	defer s.done()
	if err := s.err(C.fsgo_assignments_json(native, s.native)); err != nil {
		return nil, err
	}
	text, _ := s.text()
	return text, nil
}

// Close gives the native memory back now rather than at the next garbage collection. It is optional, may be called
// twice, and beside decisions that are using the assignments. Passing closed assignments to a call is an [ErrClosed].
func (a *Assignments) Close() error {
	if a != nil {
		a.shared.close()
		runtime.KeepAlive(a)
	}
	return nil
}

// borrow gives the handle until it is given back; NULL for nil assignments.
func (a *Assignments) borrow() (*C.flagstay_assignments, error) {
	if a == nil {
		return nil, nil
	}
	native, open := a.shared.borrow()
	if !open {
		return nil, newError(CodeClosed, "the assignments have been closed")
	}
	return (*C.flagstay_assignments)(native), nil
}

func (a *Assignments) giveBack() {
	if a != nil {
		a.shared.giveBack()
		runtime.KeepAlive(a)
	}
}
