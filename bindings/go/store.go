package flagstay

import "encoding/json"

// Store is a store of your own: where assignments are kept, as JSON records under (unit, flag). Which record is what is
// the platform's business; keep the text as it is.
//
// The methods are called while a call of the client's is waiting for them, on whichever goroutine made it, from
// several at once, and with no lock of flagstay held. They may call the same client again, and close it. Their time is
// part of the decision's.
//
// A method that returns an error, panics or ends its goroutine (runtime.Goexit, and so testing.T.FailNow) never fails a
// decision: the rules answer, the decision's StoreError says what happened, and the client's status counts it. A panic
// goes no further than that. A method must not leave its goroutine locked to a thread that it locked.
type Store interface {
	// Get gives the record of (unit, flag), or nil if there is none.
	Get(unit, flag string) (json.RawMessage, error)
	// Set stores the record of (unit, flag), replacing what is there. The record is the store's to keep.
	Set(unit, flag string, record json.RawMessage) error
	// Remove removes the record of (unit, flag); that there is none is no failure.
	Remove(unit, flag string) error
}

// Loader is a [Store] that can list what it holds. Without it [Client.Forget] and [Client.LoadAssignments] ask for every
// flag of the ruleset.
type Loader interface {
	// Load gives everything held for a unit, by flag.
	Load(unit string) (map[string]json.RawMessage, error)
}

// SetIfAbsenter is a [Store] that can store a record if there is none in one atomic step, as SQL's ON CONFLICT DO
// NOTHING and Redis's SET NX do. Without it two processes that meet a new user at the same instant may answer
// differently once; with it the first writer wins.
type SetIfAbsenter interface {
	// SetIfAbsent gives the record that stands afterwards: the one stored now, or the one that was there first.
	SetIfAbsent(unit, flag string, record json.RawMessage) (json.RawMessage, error)
}
