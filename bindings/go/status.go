package flagstay

/*
#include "shim.h"
*/
import "C"

import (
	"encoding/json"
	"runtime"
)

// Status is how a client is doing.
type Status struct {
	// State is "INITIALIZING" before the first ruleset, "READY", or "OFF" after the client has been closed.
	State   string `json:"state"`
	Dialect string `json:"dialect"`
	// Flags is how many flags the ruleset has; 0 without a ruleset.
	Flags int `json:"flags"`
	// Problems are what is broken in the ruleset without being broken enough to refuse it.
	Problems []Problem `json:"problems"`
	// Notes are what the client was not given and rulesets may ask for, one sentence each.
	Notes []string `json:"notes"`
	// Overrides is how many overrides are set.
	Overrides uint64        `json:"overrides"`
	Updates   UpdatesStatus `json:"updates"`
	Store     StoreStatus   `json:"store"`
	Events    EventsStatus  `json:"events"`
	// Countries is about the client's [CountryResolver].
	Countries CountriesStatus `json:"-"`
	// Raw is the whole status as the library tells it; a newer library may tell more.
	Raw json.RawMessage `json:"-"`
}

// Problem is something in a ruleset that does not work, and where it is.
type Problem struct {
	// Flag is the flag that is affected; empty where it is no single flag.
	Flag string `json:"flag"`
	// Path is the JSON path within the document.
	Path    string `json:"path"`
	Message string `json:"message"`
}

// UpdatesStatus counts the documents that arrived.
type UpdatesStatus struct {
	Loaded    uint64 `json:"loaded"`
	Unchanged uint64 `json:"unchanged"`
	Refused   uint64 `json:"refused"`
	// LastError is why the last document was refused; empty once a document has been loaded.
	LastError string `json:"last_error"`
}

// StoreStatus counts what happened with the store.
type StoreStatus struct {
	// Kind is "memory", "sqlite", "host" for a custom store, or empty without one.
	Kind   string `json:"kind"`
	Writes uint64 `json:"writes"`
	// LostRaces counts the assignments that somebody else had stored first.
	LostRaces uint64 `json:"lost_races"`
	Failures  uint64 `json:"failures"`
	Garbage   uint64 `json:"garbage"`
	Slow      uint64 `json:"slow"`
	LastError string `json:"last_error"`
}

// EventsStatus counts events.
type EventsStatus struct {
	Queued   uint64 `json:"queued"`
	Capacity uint64 `json:"capacity"`
	Accepted uint64 `json:"accepted"`
	Dropped  uint64 `json:"dropped"`
}

// Status tells how the client is doing; on a closed client too.
func (c *Client) Status() (Status, error) {
	native, err := c.handle()
	if err != nil {
		return Status{}, err
	}
	s := takeScratch()
	defer s.done()
	err = s.err(C.fsgo_client_status(native, s.native))
	runtime.KeepAlive(c)
	if err != nil {
		return Status{}, err
	}
	text, _ := s.text()
	status := Status{Raw: text, Countries: c.trouble.told()}
	if err := json.Unmarshal(text, &status); err != nil {
		return Status{}, newError(CodeInternal, "the status cannot be read: %v", err)
	}
	return status, nil
}
