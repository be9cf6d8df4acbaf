package flagstay

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
)

// Code is the outcome of a call or, in a [Decision], why the caller's default was answered. The numbers are those of
// flagstay.h; they are stable, and new ones may be added.
type Code int32

// The outcomes of a call.
const (
	CodeOK                  Code = C.FLAGSTAY_OK
	CodeInvalidArgument     Code = C.FLAGSTAY_INVALID_ARGUMENT
	CodeInvalidUTF8         Code = C.FLAGSTAY_INVALID_UTF8
	CodeInvalidJSON         Code = C.FLAGSTAY_INVALID_JSON
	CodeInvalidConfig       Code = C.FLAGSTAY_INVALID_CONFIG
	CodeInvalidRuleset      Code = C.FLAGSTAY_INVALID_RULESET
	CodeInvalidUser         Code = C.FLAGSTAY_INVALID_USER
	CodeFlagNotFound        Code = C.FLAGSTAY_FLAG_NOT_FOUND
	CodeProviderNotReady    Code = C.FLAGSTAY_PROVIDER_NOT_READY
	CodeTargetingKeyMissing Code = C.FLAGSTAY_TARGETING_KEY_MISSING
	CodeTypeMismatch        Code = C.FLAGSTAY_TYPE_MISMATCH
	CodeParseError          Code = C.FLAGSTAY_PARSE_ERROR
	CodeInvalidContext      Code = C.FLAGSTAY_INVALID_CONTEXT
	CodeGeneral             Code = C.FLAGSTAY_GENERAL
	CodeNoStore             Code = C.FLAGSTAY_NO_STORE
	CodeStoreFailed         Code = C.FLAGSTAY_STORE_FAILED
	CodeClosed              Code = C.FLAGSTAY_CLOSED
	CodeTimeout             Code = C.FLAGSTAY_TIMEOUT
	CodeInternal            Code = C.FLAGSTAY_INTERNAL

	// CodeLibrary is this package's own: the library could not be loaded.
	CodeLibrary Code = -1
)

// String is the name of the code as OpenFeature writes it where it knows it, such as "FLAG_NOT_FOUND".
func (c Code) String() string {
	if name, known := codeNames[c]; known {
		return name
	}
	return fmt.Sprintf("CODE_%d", int32(c))
}

var codeNames = map[Code]string{
	CodeOK:                  "OK",
	CodeInvalidArgument:     "INVALID_ARGUMENT",
	CodeInvalidUTF8:         "INVALID_UTF8",
	CodeInvalidJSON:         "INVALID_JSON",
	CodeInvalidConfig:       "INVALID_CONFIG",
	CodeInvalidRuleset:      "INVALID_RULESET",
	CodeInvalidUser:         "INVALID_USER",
	CodeFlagNotFound:        "FLAG_NOT_FOUND",
	CodeProviderNotReady:    "PROVIDER_NOT_READY",
	CodeTargetingKeyMissing: "TARGETING_KEY_MISSING",
	CodeTypeMismatch:        "TYPE_MISMATCH",
	CodeParseError:          "PARSE_ERROR",
	CodeInvalidContext:      "INVALID_CONTEXT",
	CodeGeneral:             "GENERAL",
	CodeNoStore:             "NO_STORE",
	CodeStoreFailed:         "STORE_FAILED",
	CodeClosed:              "CLOSED",
	CodeTimeout:             "TIMEOUT",
	CodeInternal:            "INTERNAL",
	CodeLibrary:             "LIBRARY",
}

// What [errors.Is] matches an [Error] with.
var (
	// ErrLibrary: libflagstay was not found, or is too old for this package.
	ErrLibrary = kind(CodeLibrary)
	// ErrInvalidArgument: an argument makes no sense; the message says which.
	ErrInvalidArgument = kind(CodeInvalidArgument)
	// ErrInvalidUTF8: a text is not UTF-8. Go strings may hold any bytes; flagstay's must not.
	ErrInvalidUTF8 = kind(CodeInvalidUTF8)
	// ErrInvalidJSON: a text is not JSON, or a Go value cannot be written as JSON.
	ErrInvalidJSON = kind(CodeInvalidJSON)
	// ErrInvalidConfig: the configuration has an unknown, missing or ill-typed option; the message names it.
	ErrInvalidConfig = kind(CodeInvalidConfig)
	// ErrInvalidRuleset: the ruleset was refused. The one before it stays.
	ErrInvalidRuleset = kind(CodeInvalidRuleset)
	// ErrInvalidUser: the user document does not have the shape of a user.
	ErrInvalidUser = kind(CodeInvalidUser)
	// ErrFlagNotFound: the ruleset has no such flag.
	ErrFlagNotFound = kind(CodeFlagNotFound)
	// ErrNotReady: there is no ruleset yet, or the client has been closed.
	ErrNotReady = kind(CodeProviderNotReady)
	// ErrKeyMissing: the user has no usable key.
	ErrKeyMissing = kind(CodeTargetingKeyMissing)
	// ErrTypeMismatch: the flag's value has another type than the caller asked for.
	ErrTypeMismatch = kind(CodeTypeMismatch)
	// ErrParse: something that the decision needs could not be parsed.
	ErrParse = kind(CodeParseError)
	// ErrInvalidContext: the platform's rules refuse this user.
	ErrInvalidContext = kind(CodeInvalidContext)
	// ErrGeneral: the evaluation failed in a way that the message describes.
	ErrGeneral = kind(CodeGeneral)
	// ErrNoStore: the call needs a store, and the client has none.
	ErrNoStore = kind(CodeNoStore)
	// ErrStore: the store failed or returned garbage.
	ErrStore = kind(CodeStoreFailed)
	// ErrClosed: the client, the decisions or the assignments have been closed. An evaluation on a closed client matches
	// [ErrNotReady] too.
	ErrClosed = kind(CodeClosed)
	// ErrTimeout: a deadline passed.
	ErrTimeout = kind(CodeTimeout)
	// ErrInternal: a bug in flagstay, caught at the boundary. The process is unharmed.
	ErrInternal = kind(CodeInternal)
)

// sentinel is the type of the Err… values: a code that errors match.
type sentinel Code

func kind(code Code) error { return sentinel(code) }

func (s sentinel) Error() string { return "flagstay: " + Code(s).String() }

// Error is what went wrong.
type Error struct {
	// Code says what kind of thing went wrong.
	Code Code
	// Message says it in words, and names the place: the JSON path, the flag's key, the option.
	Message string

	// The client had been closed when an evaluation answered its default.
	closed bool
}

// Error is the message, after the name of the package.
func (e *Error) Error() string {
	if e.Message == "" {
		return "flagstay: " + e.Code.String()
	}
	return "flagstay: " + e.Message
}

// Is tells whether the error is of the kind of target, one of the Err… values.
func (e *Error) Is(target error) bool {
	wanted, ok := target.(sentinel)
	return ok && (Code(wanted) == e.Code || e.closed && Code(wanted) == CodeClosed)
}

func newError(code Code, format string, arguments ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, arguments...)}
}

// within puts a place before the message of an error.
func within(place string, err error) error {
	var inner *Error
	if !errors.As(err, &inner) {
		return newError(CodeInvalidArgument, "%s: %v", place, err)
	}
	return &Error{Code: inner.Code, Message: place + ": " + inner.Message}
}
