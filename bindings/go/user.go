package flagstay

/*
#include "shim.h"

#cgo noescape fsgo_user_new
#cgo nocallback fsgo_user_new
#cgo noescape fsgo_user_from_json
#cgo nocallback fsgo_user_from_json
#cgo noescape fsgo_user_set_text
#cgo nocallback fsgo_user_set_text
#cgo noescape fsgo_user_set_number
#cgo nocallback fsgo_user_set_number
#cgo noescape fsgo_user_set_integer
#cgo nocallback fsgo_user_set_integer
#cgo noescape fsgo_user_set_boolean
#cgo nocallback fsgo_user_set_boolean
#cgo noescape fsgo_user_set_json
#cgo nocallback fsgo_user_set_json
*/
import "C"

import (
	"encoding/json"
	"math"
	"runtime"
	"strconv"
)

// User is who a decision is for: a key, and named values in six parts. Which of them a dialect reads, and what for, is
// on its reference page.
//
// A user is built by one goroutine; once it is built any number of goroutines may decide for it at the same time, as
// long as none of them sets anything. A nil *User is no user at all, for which every evaluation answers the default; so
// is the zero User, on which nothing can be set.
//
// What goes wrong while a user is being built (text that is not UTF-8, a number that JSON does not know) is kept: the
// setters after that do nothing, Err tells, and evaluations answer the caller's default with that error. A user with
// a part missing must not be put into the wrong group.
type User struct {
	native *C.flagstay_user
	err    error
	// What the collector sees of a user should be about as large as what there is: users that are made for every
	// request are then collected in time. It also keeps the number of cleanups in one of its spans small.
	_ [232]byte
}

// NewUser makes a user with a key. The empty key is a key; for a user without one there is UserFromJSON("{}").
func NewUser(key string) *User {
	collectGarbageWhenDebugging()
	if err := loaded(); err != nil {
		return &User{err: err}
	}
	native := C.fsgo_user_new(pointer(key), C.size_t(len(key)), nil)
	if native == nil {
		s := takeScratch()
		defer s.done()
		C.fsgo_user_new(pointer(key), C.size_t(len(key)), s.native)
		return &User{err: newError(CodeInvalidUTF8, "the user's key: %s", s.bytes())}
	}
	return newUser(native)
}

// UserFromJSON makes a user from a JSON object with any of the members "key", "attributes", "private_attributes",
// "ids", "targeting", "environment" and "context", and no other. The JSON null makes the absent user.
func UserFromJSON(document []byte) (*User, error) {
	if err := loaded(); err != nil {
		return nil, err
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_user_from_json(bytesPointer(document), C.size_t(len(document)), s.native)
	if err := s.err(status); err != nil {
		return nil, err
	}
	native := s.native.user
	s.native.user = nil
	return newUser(native), nil
}

func newUser(native *C.flagstay_user) *User {
	user := &User{native: native}
	runtime.AddCleanup(user, func(native *C.flagstay_user) { C.fsgo_user_free(native) }, native)
	return user
}

// Err is the first thing that went wrong while the user was being built.
func (u *User) Err() error { return u.err }

// Set sets an attribute: what is known about the user; conditions look here. A name that is there already gets the new
// value. The value is nil, a bool, a string, any integer or float, a json.RawMessage, or anything else that
// encoding/json can write.
func (u *User) Set(name string, value any) *User {
	return u.set(C.FLAGSTAY_ATTRIBUTES, "attribute", name, value)
}

// SetPrivate sets an attribute whose value must not appear in events.
func (u *User) SetPrivate(name string, value any) *User {
	return u.set(C.FLAGSTAY_PRIVATE_ATTRIBUTES, "private attribute", name, value)
}

// SetID sets another id than the key: of a company, a device, an anonymous visitor.
func (u *User) SetID(name, id string) *User {
	return u.set(C.FLAGSTAY_IDS, "id", name, id)
}

// SetTargeting sets a value for individual targeting (VWO).
func (u *User) SetTargeting(name string, value any) *User {
	return u.set(C.FLAGSTAY_TARGETING, "targeting value", name, value)
}

// SetEnvironment sets a part of the environment that the user is in (Statsig).
func (u *User) SetEnvironment(name string, value any) *User {
	return u.set(C.FLAGSTAY_ENVIRONMENT, "environment value", name, value)
}

// SetContext sets what else a platform's call takes (VWO).
func (u *User) SetContext(name string, value any) *User {
	return u.set(C.FLAGSTAY_CONTEXT, "context value", name, value)
}

func (u *User) set(part C.int32_t, what, name string, value any) *User {
	if u.native == nil && u.err == nil {
		u.err = newError(CodeInvalidArgument, "%s %q: the user was not made by NewUser", what, name)
	}
	if u.err != nil {
		return u
	}
	collectGarbageWhenDebugging()
	if u.put(part, name, value, nil) != C.FLAGSTAY_OK {
		// Once more, for the message.
		s := takeScratch()
		defer s.done()
		status := u.put(part, name, value, s)
		if err := s.err(status); err != nil && u.err == nil {
			u.err = err
		}
	}
	if u.err != nil {
		u.err = within(what+" "+strconv.Quote(name), u.err)
	}
	return u
}

// put hands a value over in the cheapest form there is for it.
func (u *User) put(part C.int32_t, name string, value any, s *scratch) (status C.int32_t) {
	var native *C.fsgo_scratch
	if s != nil {
		native = s.native
	}
	text, length := pointer(name), C.size_t(len(name))
	whole := func(value int64) C.int32_t {
		return C.fsgo_user_set_integer(u.native, part, text, length, C.int64_t(value), native)
	}
	document := func(json []byte) C.int32_t {
		return C.fsgo_user_set_json(u.native, part, text, length, bytesPointer(json), C.size_t(len(json)), native)
	}
	switch value := value.(type) {
	case string:
		status = C.fsgo_user_set_text(u.native, part, text, length, pointer(value), C.size_t(len(value)), native)
	case bool:
		var bit C.uint8_t
		if value {
			bit = 1
		}
		status = C.fsgo_user_set_boolean(u.native, part, text, length, bit, native)
	case int:
		status = whole(int64(value))
	case int8:
		status = whole(int64(value))
	case int16:
		status = whole(int64(value))
	case int32:
		status = whole(int64(value))
	case int64:
		status = whole(value)
	case uint8:
		status = whole(int64(value))
	case uint16:
		status = whole(int64(value))
	case uint32:
		status = whole(int64(value))
	case float64:
		status = C.fsgo_user_set_number(u.native, part, text, length, C.double(value), native)
	case float32:
		// As it is written, not as it is widened: 0.1 stays 0.1.
		if number := float64(value); math.IsNaN(number) || math.IsInf(number, 0) {
			status = C.fsgo_user_set_number(u.native, part, text, length, C.double(number), native)
			break
		}
		json, _ := json.Marshal(value)
		status = document(json)
	case json.RawMessage:
		status = document(value)
	default:
		json, err := encode("its value", value)
		if err != nil {
			u.err = err
			return C.FLAGSTAY_OK
		}
		status = document(json)
	}
	runtime.KeepAlive(u)
	return status
}

// handle is the user as native calls take it. The user has to be kept alive until the call is over.
func (u *User) handle() (*C.flagstay_user, error) {
	if u == nil {
		return nil, nil
	}
	return u.native, u.err
}
