package flagstay

/*
#include "shim.h"

#cgo noescape fsgo_sink
#cgo nocallback fsgo_sink
*/
import "C"

import (
	"fmt"
	"iter"
	"runtime/cgo"
	"strings"
	"sync/atomic"
	"unsafe"
)

// How many stores and country resolvers the library holds; for tests.
var heldByLibrary atomic.Int64

//export flagstay_go_drop
func flagstay_go_drop(handle C.uintptr_t) {
	cgo.Handle(handle).Delete()
	heldByLibrary.Add(-1)
}

// reply is what the program's code answers to the library: a text, nil for none, or what went wrong.
type reply struct {
	text    []byte
	problem string
}

func (r reply) giveTo(sink C.flagstay_sink, sinkContext unsafe.Pointer) C.int32_t {
	if r.problem != "" {
		said := strings.ToValidUTF8(r.problem, "\uFFFD")
		C.fsgo_sink(sink, sinkContext, pointer(said), C.size_t(len(said)))
		return C.FLAGSTAY_STORE_FAILURE
	}
	if r.text != nil {
		C.fsgo_sink(sink, sinkContext, bytesPointer(r.text), C.size_t(len(r.text)))
	}
	return C.FLAGSTAY_STORE_DONE
}

// caller calls the program's code for the library.
type caller struct {
	// That code has ended its goroutine before.
	exits atomic.Bool
}

// call runs work, the program's code of that name, so that nothing it does unwinds the native frames below. A panic is
// recovered where it happens; but runtime.Goexit cannot be stopped, it can only be kept to a goroutine that has no native
// frames. So work runs as a coroutine of this goroutine, on the same thread, which costs half a microsecond. Where it
// ends there, the coroutine is left parked for good; code that has done so once gets whole goroutines from then on, which
// cost twenty microseconds and leave nothing behind. So does all code under the race detector, which never forgets a
// coroutine that is over.
func (c *caller) call(name string, work func() ([]byte, error)) (answer reply) {
	if raceDetector || c.exits.Load() {
		return callElsewhere(name, work)
	}
	done := false
	next, _ := iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			if !done {
				c.exits.Store(true)
				answer = exited(name)
				yield(struct{}{})
			}
		}()
		answer = perform(name, work)
		done = true
	})
	next()
	return answer
}

func callElsewhere(name string, work func() ([]byte, error)) reply {
	answers := make(chan reply, 1)
	go func() {
		answer, done := reply{}, false
		defer func() {
			if !done {
				answer = exited(name)
			}
			answers <- answer
		}()
		answer = perform(name, work)
		done = true
	}()
	return <-answers
}

func exited(name string) reply {
	return reply{problem: name + " ended its goroutine (runtime.Goexit)"}
}

// perform turns an error and a panic into a sentence. Their own methods that make the sentence are the program's code
// too, so they are called in here.
func perform(name string, work func() ([]byte, error)) (answer reply) {
	defer func() {
		if thrown := recover(); thrown != nil {
			answer = reply{problem: fmt.Sprintf("%s panicked: %v", name, thrown)}
		}
	}()
	text, err := work()
	if err == nil {
		return reply{text: text}
	}
	answer.problem = err.Error()
	if answer.problem == "" {
		answer.problem = name + " returned an error without a message"
	}
	return answer
}
