package flagstay

/*
#include "shim.h"
*/
import "C"

import (
	"encoding/json"
	"errors"
	"runtime/cgo"
	"unicode/utf8"
	"unsafe"
)

// hostStore is a Store as the library sees it.
type hostStore struct {
	caller caller
	store  Store
	loader Loader
	setter SetIfAbsenter
}

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

//export flagstay_go_store
func flagstay_go_store(handle C.uintptr_t, operation C.int, unit *C.char, unitLen C.size_t, flag *C.char,
	flagLen C.size_t, record *C.char, recordLen C.size_t, sink C.flagstay_sink, sinkContext unsafe.Pointer) C.int32_t {
	collectGarbageWhenDebugging()
	host := cgo.Handle(handle).Value().(*hostStore)
	asked := request{operation: operation, unit: string(borrowed(unit, unitLen)), flag: string(borrowed(flag, flagLen))}
	if record != nil {
		asked.record = append(json.RawMessage{}, borrowed(record, recordLen)...)
	}
	answer := host.caller.call(operationNames[operation], func() ([]byte, error) { return host.perform(asked) })
	return answer.giveTo(sink, sinkContext)
}

var operationNames = map[C.int]string{
	C.FSGO_GET:           "Get",
	C.FSGO_SET:           "Set",
	C.FSGO_REMOVE:        "Remove",
	C.FSGO_LOAD:          "Load",
	C.FSGO_SET_IF_ABSENT: "SetIfAbsent",
}

func (h *hostStore) perform(asked request) (text json.RawMessage, err error) {
	switch asked.operation {
	case C.FSGO_GET:
		return h.store.Get(asked.unit, asked.flag)
	case C.FSGO_SET:
		return nil, h.store.Set(asked.unit, asked.flag, asked.record)
	case C.FSGO_REMOVE:
		return nil, h.store.Remove(asked.unit, asked.flag)
	case C.FSGO_LOAD:
		records, err := h.loader.Load(asked.unit)
		return listed(records), err
	case C.FSGO_SET_IF_ABSENT:
		return h.setter.SetIfAbsent(asked.unit, asked.flag, asked.record)
	default:
		return nil, errors.New("the library asked for something that this package does not know")
	}
}

// listed writes a unit's records as one JSON object. A record that is not JSON becomes a JSON text: it is still refused
// as a record, but by itself, and not together with all the others.
func listed(records map[string]json.RawMessage) json.RawMessage {
	checked := make(map[string]json.RawMessage, len(records))
	for flag, record := range records {
		if record == nil {
			continue
		}
		if !json.Valid(record) || !utf8.Valid(record) {
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
