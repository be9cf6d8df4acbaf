package flagstay

/*
#include "shim.h"

#cgo noescape fsgo_sink
#cgo nocallback fsgo_sink
*/
import "C"

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"runtime/cgo"
	"strings"
	"sync/atomic"
	"unsafe"
)

// hostStore is a Store as the library sees it.
type hostStore struct {
	store  Store
	loader Loader
	setter SetIfAbsenter
	// A method has ended its goroutine before.
	exits atomic.Bool
}

// How many stores the library holds; for tests.
var heldStores atomic.Int64

func newHostStore(store Store) *hostStore {
	host := &hostStore{store: store}
	host.loader, _ = store.(Loader)
	host.setter, _ = store.(SetIfAbsenter)
	return host
}

func (h *hostStore) offers() (offers C.int) {
	offers = C.FSGO_STORE
	if h.loader != nil {
		offers |= C.FSGO_STORE_LOADS
	}
	if h.setter != nil {
		offers |= C.FSGO_STORE_SETS_IF_ABSENT
	}
	return offers
}

// request is what a store is asked to do.
type request struct {
	operation  C.int
	unit, flag string
	record     json.RawMessage
}

// reply is what it answers: a text, nil for none, or what went wrong.
type reply struct {
	text    json.RawMessage
	problem string
}

//export flagstay_go_store
func flagstay_go_store(handle C.uintptr_t, operation C.int, unit *C.char, unitLen C.size_t, flag *C.char,
	flagLen C.size_t, record *C.char, recordLen C.size_t, sink C.flagstay_sink, sinkContext unsafe.Pointer) C.int32_t {
	collectGarbageWhenDebugging()
	host := cgo.Handle(handle).Value().(*hostStore)
	asked := request{operation: operation, unit: string(borrowed(unit, unitLen)), flag: string(borrowed(flag, flagLen))}
	if record != nil {
		asked.record = append(json.RawMessage{}, borrowed(record, recordLen)...)
	}
	answer := host.ask(asked)
	if answer.problem != "" {
		said := strings.ToValidUTF8(answer.problem, "\uFFFD")
		C.fsgo_sink(sink, sinkContext, pointer(said), C.size_t(len(said)))
		return C.FLAGSTAY_STORE_FAILURE
	}
	if answer.text != nil {
		C.fsgo_sink(sink, sinkContext, bytesPointer(answer.text), C.size_t(len(answer.text)))
	}
	return C.FLAGSTAY_STORE_DONE
}

//export flagstay_go_store_drop
func flagstay_go_store_drop(handle C.uintptr_t) {
	cgo.Handle(handle).Delete()
	heldStores.Add(-1)
}

// ask runs the store's method so that nothing it does unwinds the native frames below. A panic is recovered where it
// happens; but runtime.Goexit cannot be stopped, it can only be kept to a goroutine that has no native frames. So the
// method runs as a coroutine of this goroutine, on the same thread, which costs half a microsecond. Where it ends there,
// the coroutine is left parked for good; a store that has done so once gets whole goroutines from then on, which cost
// twenty microseconds and leave nothing behind. So does every store under the race detector, which never forgets a
// coroutine that is over.
func (h *hostStore) ask(asked request) (answer reply) {
	if raceDetector || h.exits.Load() {
		return h.askElsewhere(asked)
	}
	done := false
	next, _ := iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			if !done {
				h.exits.Store(true)
				answer = asked.exited()
				yield(struct{}{})
			}
		}()
		answer = h.perform(asked)
		done = true
	})
	next()
	return answer
}

func (h *hostStore) askElsewhere(asked request) reply {
	answers := make(chan reply, 1)
	go func() {
		answer, done := reply{}, false
		defer func() {
			if !done {
				answer = asked.exited()
			}
			answers <- answer
		}()
		answer = h.perform(asked)
		done = true
	}()
	return <-answers
}

func (r request) exited() reply {
	return reply{problem: r.name() + " ended its goroutine (runtime.Goexit)"}
}

func (r request) name() string { return operationNames[r.operation] }

var operationNames = map[C.int]string{
	C.FSGO_GET:           "Get",
	C.FSGO_SET:           "Set",
	C.FSGO_REMOVE:        "Remove",
	C.FSGO_LOAD:          "Load",
	C.FSGO_SET_IF_ABSENT: "SetIfAbsent",
}

// perform calls the method, and turns an error and a panic into a sentence. Their own methods that make the sentence
// are the host's code too, so they are called in here.
func (h *hostStore) perform(asked request) (answer reply) {
	defer func() {
		if thrown := recover(); thrown != nil {
			answer = reply{problem: fmt.Sprintf("%s panicked: %v", asked.name(), thrown)}
		}
	}()
	var err error
	switch asked.operation {
	case C.FSGO_GET:
		answer.text, err = h.store.Get(asked.unit, asked.flag)
	case C.FSGO_SET:
		err = h.store.Set(asked.unit, asked.flag, asked.record)
	case C.FSGO_REMOVE:
		err = h.store.Remove(asked.unit, asked.flag)
	case C.FSGO_LOAD:
		var records map[string]json.RawMessage
		records, err = h.loader.Load(asked.unit)
		answer.text = listed(records)
	case C.FSGO_SET_IF_ABSENT:
		answer.text, err = h.setter.SetIfAbsent(asked.unit, asked.flag, asked.record)
	default:
		err = errors.New("the library asked for something that this package does not know")
	}
	if err != nil {
		answer.problem = err.Error()
		if answer.problem == "" {
			answer.problem = asked.name() + " returned an error without a message"
		}
	}
	return answer
}

// listed writes a unit's records as one JSON object. A record that is not JSON becomes a JSON text: it is still refused
// as a record, but by itself, and not together with all the others.
func listed(records map[string]json.RawMessage) json.RawMessage {
	checked := make(map[string]json.RawMessage, len(records))
	for flag, record := range records {
		if record == nil {
			continue
		}
		if !json.Valid(record) {
			record, _ = json.Marshal(string(record))
		}
		checked[flag] = record
	}
	text, err := json.Marshal(checked)
	if err != nil {
		panic(err) // cannot be: every member is valid JSON
	}
	return text
}
