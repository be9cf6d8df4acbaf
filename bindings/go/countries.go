package flagstay

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"runtime"
	"runtime/cgo"
	"sync"
	"unicode/utf8"
	"unsafe"
)

// CountryResolver knows the country of an IP address, for conditions on the country of users who come without one
// (Statsig). It gives the ISO 3166 code of two letters, which is compared with those of the ruleset as it is given, or the
// empty text where the country is unknown. It goes before a table in the dialect's options.
//
// It is called while a call of the client's is waiting for it, from several goroutines at once, and its time is part of
// the decision's: look up a table, do not ask a network. It may call the same client again, and close it.
//
// A resolver that returns an error, panics or ends its goroutine never fails a decision: the country is then unknown,
// and [Status].Countries counts it. A panic goes no further than that.
type CountryResolver func(ip string) (country string, err error)

// CountriesStatus counts what went wrong with a client's [CountryResolver].
type CountriesStatus struct {
	Failures  uint64
	LastError string
}

// hostCountries is a CountryResolver as the library sees it.
type hostCountries struct {
	caller   caller
	resolver CountryResolver
	trouble  *trouble
}

// trouble is what a resolver got wrong, which the library does not count. It is no part of the client: what the library
// holds must not keep the client from being collected.
type trouble struct {
	lock   sync.Mutex
	status CountriesStatus
}

func (t *trouble) add(problem string) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.status.Failures++
	t.status.LastError = problem
}

func (t *trouble) told() CountriesStatus {
	if t == nil {
		return CountriesStatus{}
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	return t.status
}

// setCountries gives the client its resolver. A client has one for life or none: its calls are made in another way where
// they may come back into Go.
func (c *Client) setCountries(resolver CountryResolver) error {
	handle := C.uintptr_t(cgo.NewHandle(&hostCountries{resolver: resolver, trouble: c.trouble}))
	heldByLibrary.Add(1)
	s := takeScratch()
	defer s.done()
	status := C.fsgo_client_set_countries(c.native, handle, s.native)
	runtime.KeepAlive(c)
	return s.err(status)
}

//export flagstay_go_country
func flagstay_go_country(handle C.uintptr_t, ip *C.char, ipLen C.size_t, sink C.flagstay_sink,
	sinkContext unsafe.Pointer) C.int32_t {
	collectGarbageWhenDebugging()
	host := cgo.Handle(handle).Value().(*hostCountries)
	answer := host.find(string(borrowed(ip, ipLen)))
	if answer.problem != "" {
		host.trouble.add(answer.problem)
	}
	return answer.giveTo(sink, sinkContext)
}

func (h *hostCountries) find(ip string) reply {
	return h.caller.call("the country resolver", func() ([]byte, error) {
		country, err := h.resolver(ip)
		if err != nil || country == "" {
			return nil, err
		}
		if !utf8.ValidString(country) {
			return nil, errors.New("the country resolver gave a text that is not UTF-8")
		}
		return []byte(country), nil
	})
}
