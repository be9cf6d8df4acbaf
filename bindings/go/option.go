package flagstay

/*
#include "shim.h"
*/
import "C"

import "encoding/json"

// Option is what a call may say beyond flag and user. Of an option that is given twice the last one counts.
type Option struct {
	// What the library is asked for: the bits of shim.h, without the kind.
	bits        C.uint32_t
	kind        C.int32_t
	ofKind      bool
	fallback    json.RawMessage
	assignments *Assignments
	err         error
}

// ReadOnly makes the call one that only looks: stored assignments answer, no exposure is queued, and nothing is stored
// but where the platform's own contract says so all the same: VWO FullStack replaces a stored record that no longer
// counts, and Statsig stores and removes by the assignments that are passed.
func ReadOnly() Option { return Option{bits: C.FSGO_READ} }

// Default gives the caller's default, which is written as JSON; it is answered where there is no decision.
func Default(value any) Option {
	document, err := encode("the default", value)
	return Option{fallback: document, err: err}
}

// OfKind says which kind of flag is meant, where names can collide (Statsig).
func OfKind(kind Kind) Option {
	number, err := kind.number()
	return Option{kind: number, ofKind: true, err: err}
}

// WithAssignments passes assignments that were loaded before (Statsig): one store call, [Client.LoadAssignments], then
// any number of decisions. Passing nil is passing none.
func WithAssignments(assignments *Assignments) Option { return Option{assignments: assignments} }

// EnforceTargeting says that users for whom the targeting rules decide otherwise today do not keep their stored
// assignment (Statsig).
func EnforceTargeting() Option { return Option{bits: C.FSGO_ENFORCE_TARGETING} }

// EnforceOverrides says that users whom an override rule matches today do not keep their stored assignment (Statsig).
func EnforceOverrides() Option { return Option{bits: C.FSGO_ENFORCE_OVERRIDES} }

// WithDetails fills [Decision].Details. Gathering them costs time and memory.
func WithDetails() Option { return Option{bits: C.FSGO_DETAILS} }

// combined puts options together; asked is what the library is told.
func combined(options []Option) (all Option, asked C.uint32_t, err error) {
	for _, option := range options {
		all.bits |= option.bits
		if option.ofKind {
			all.kind = option.kind
		}
		if option.fallback != nil {
			all.fallback = option.fallback
		}
		if option.assignments != nil {
			all.assignments = option.assignments
		}
		if option.err != nil {
			err = option.err
		}
	}
	return all, all.bits | C.uint32_t(all.kind)<<C.FSGO_KIND_SHIFT, err
}
