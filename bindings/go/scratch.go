package flagstay

/*
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"sync"
	"unsafe"
)

// scratch is where one native call puts what it gives back: a decision with its texts, an error, a string, a handle.
// It lies in C memory and is used again, so that a decision costs one native call and no native allocation.
// Freeing it takes the library, so that whoever takes one has a handle, or has loaded the library to make one.
type scratch struct {
	native *C.fsgo_scratch
	// As in User: what the collector sees should be about as large as what there is.
	_ [1016]byte
}

var scratches = sync.Pool{New: func() any {
	native := C.fsgo_scratch_new()
	if native == nil {
		panic("flagstay: out of memory")
	}
	made := &scratch{native: native}
	// The pool drops what it holds at the garbage collector's leisure.
	runtime.AddCleanup(made, func(native *C.fsgo_scratch) { C.fsgo_scratch_free(native) }, native)
	return made
}}

func takeScratch() *scratch {
	collectGarbageWhenDebugging()
	return scratches.Get().(*scratch)
}

// done gives the scratch back. Everything read from it must have been copied.
func (s *scratch) done() {
	if s.native.text != nil || s.native.error != nil || s.native.string != nil {
		C.fsgo_scratch_release(s.native)
	}
	// Decisions may be of any size; the pool must not keep the largest for ever.
	if s.native.decision.value_json_len <= largestKept {
		scratches.Put(s)
	}
}

// The largest value in bytes whose storage is worth keeping for the next decision.
const largestKept = 64 << 10

// err is the error of a call that ended with status, nil for success.
func (s *scratch) err(status C.int32_t) error {
	if status == C.FLAGSTAY_OK {
		return nil
	}
	return &Error{Code: Code(status), Message: string(s.bytes())}
}

// text is a copy of the text that the call gave back; ok is false where it gave none.
func (s *scratch) text() (text []byte, ok bool) {
	if s.native.string == nil {
		return nil, false
	}
	return append([]byte{}, s.bytes()...), true
}

// bytes is the native text, borrowed until done.
func (s *scratch) bytes() []byte {
	return borrowed(s.native.text, s.native.text_len)
}

func borrowed(text *C.char, length C.size_t) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(text)), int(length))
}

// pointer is a Go text as C takes it. The text has to be kept alive by the caller, which a cgo argument is.
func pointer(text string) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(text)))
}

func bytesPointer(text []byte) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.SliceData(text)))
}
