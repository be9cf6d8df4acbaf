package flagstay

/*
#include "shim.h"
*/
import "C"

import (
	"bytes"
	"encoding/json"
	"runtime"
)

// TrackOptions are what a metric event may carry besides its name. The zero value carries nothing.
type TrackOptions struct {
	// Value is a number, or what else the platform takes; nil for none.
	Value any `json:"value,omitzero"`
	// Properties are written as a JSON object.
	Properties map[string]any `json:"properties,omitzero"`
	// Flags are the flags that the event is meant for; nil for all.
	Flags []string `json:"flags,omitzero"`
}

// Track takes a metric event: what a user did. It answers whether the event was queued; false without an error means
// that the platform's rules do not take it. It never waits: when the queue is full the oldest event leaves, and is
// counted in the client's status.
func (c *Client) Track(event string, user *User, options TrackOptions) (accepted bool, err error) {
	native, who, err := c.handles(user)
	if err != nil {
		return false, err
	}
	details, err := encode("the event's options", options)
	if err != nil {
		return false, err
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_track(native, who, pointer(event), C.size_t(len(event)),
		bytesPointer(details), C.size_t(len(details)), s.native)
	runtime.KeepAlive(c)
	runtime.KeepAlive(user)
	if err := s.err(status); err != nil {
		return false, err
	}
	return s.native.number != 0, nil
}

// DrainEvents takes up to most queued events out, oldest first, each in the shape of the ruleset's platform. What has
// been drained is the caller's to deliver. It works on a closed client too, so that nothing need be lost.
func (c *Client) DrainEvents(most int) ([]json.RawMessage, error) {
	native, err := c.handle()
	if err != nil {
		return nil, err
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_drain_events(native, C.size_t(max(most, 0)), s.native)
	runtime.KeepAlive(c)
	if err := s.err(status); err != nil {
		return nil, err
	}
	lines, _ := s.text()
	var events []json.RawMessage
	for line := range bytes.Lines(lines) {
		events = append(events, json.RawMessage(bytes.TrimSuffix(line, []byte("\n"))))
	}
	return events, nil
}
