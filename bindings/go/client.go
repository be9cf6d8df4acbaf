package flagstay

/*
#include "shim.h"

// These never call back into Go: they are used for clients without a store or a country resolver of Go's. Then Go texts may stay on the
// goroutine's stack, which a callback could move.
#cgo noescape fsgo_boolean_quiet
#cgo nocallback fsgo_boolean_quiet
#cgo noescape fsgo_number_quiet
#cgo nocallback fsgo_number_quiet
*/
import "C"

import (
	"bytes"
	"encoding/json"
	"math"
	"runtime"
	"runtime/cgo"
	"strings"
	"sync/atomic"
	"time"
)

// Client decides for users by one ruleset, with at most one store. Make one per ruleset and process, and share it: all
// methods may be called from any number of goroutines at once. Make clients with [New]; do not copy them. The zero Client
// answers fallbacks, and its other calls return [ErrInvalidArgument]; closing it is fine.
type Client struct {
	native *C.flagstay_client
	// The client has a store or a country resolver of Go's, so native calls may come back into Go.
	callsBack bool
	closed    atomic.Bool
	// What the country resolver got wrong; nil without one.
	trouble *trouble
}

// nativeClients counts the clients that have not been freed yet, open, closed or forgotten.
//
// The collector frees them, but does not see how much native memory they hold. A program has a handful of clients and
// never gets to the limit; a test suite that makes thousands does, and then the collector is called.
var nativeClients struct {
	count, limit atomic.Int64
}

// So many clients may wait to be freed, or twice as many as are in use.
const mostWaiting = 64

func countClient() {
	if count := nativeClients.count.Add(1); count >= max(nativeClients.limit.Load(), mostWaiting) {
		nativeClients.limit.Store(2 * count)
		runtime.GC()
	}
}

func freeClient(native *C.flagstay_client) {
	C.fsgo_client_free(native)
	nativeClients.limit.Store(2 * nativeClients.count.Add(-1))
}

// New makes a client. A configuration that makes no sense is an [ErrInvalidConfig], a first ruleset that cannot be used
// an [ErrInvalidRuleset]: better a failed start than defaults for everybody.
//
// A client should be closed when it is needed no longer. One with a custom store or a country resolver has to be: these
// stay reachable until then.
func New(config Config) (*Client, error) {
	if err := loaded(); err != nil {
		return nil, err
	}
	document, err := config.document()
	if err != nil {
		return nil, err
	}
	s := takeScratch()
	defer s.done()
	var handle C.uintptr_t
	var offers C.int = C.FSGO_NO_STORE
	if config.CustomStore != nil {
		store := newHostStore(config.CustomStore)
		offers = store.offers()
		// Deleted when the library drops the store, which it does exactly once, also when it refuses the configuration.
		handle = C.uintptr_t(cgo.NewHandle(store))
		heldByLibrary.Add(1)
	}
	status := C.fsgo_client_new(bytesPointer(document), C.size_t(len(document)), handle, offers, s.native)
	if err := s.err(status); err != nil {
		return nil, err
	}
	client := &Client{native: s.native.client, callsBack: config.CustomStore != nil || config.CountryResolver != nil}
	s.native.client = nil
	// The handle is freed when nobody can reach the client any more, and so no call can be running: that is what makes
	// Close safe beside running calls without a count on the path of every call.
	runtime.AddCleanup(client, freeClient, client.native)
	countClient()
	if config.CountryResolver != nil {
		client.trouble = new(trouble)
		if err := client.setCountries(config.CountryResolver); err != nil {
			client.Close()
			return nil, err
		}
	}
	if len(config.Ruleset) > 0 {
		if err := client.Update(config.Ruleset); err != nil {
			client.Close()
			return nil, err
		}
	}
	return client, nil
}

// Bool decides a switch, and answers fallback when there is no decision: the ruleset has no such flag, the flag is no
// switch, the client is closed. [Client.Evaluate] and [Value] say which of them it was. Where the dialect's options have
// defaults of their own for flags, as those of featureflag.co and FeatBit do, these go before fallback, in all calls.
//
// It allocates nothing and costs one native call, plus what the store takes where the flag is sticky. A flag that is asked
// again and again is cheaper with [Client.PrepareSwitch].
func (c *Client) Bool(flag string, user *User, fallback bool) bool {
	native, who, err := c.handles(user)
	if err != nil {
		return fallback
	}
	collectGarbageWhenDebugging()
	var value C.uint8_t
	if fallback {
		value = 1
	}
	if c.callsBack {
		heap := strings.Clone(flag) // see above
		value = C.fsgo_boolean(native, who, pointer(heap), C.size_t(len(heap)), value)
	} else {
		value = C.fsgo_boolean_quiet(native, who, pointer(flag), C.size_t(len(flag)), value)
	}
	runtime.KeepAlive(c)
	runtime.KeepAlive(user)
	return value != 0
}

// Number decides a number, and answers fallback when there is no decision or the flag's value is no number. Whole
// numbers beyond 2^53 are rounded; [Value] with an integer type has them exactly. It allocates nothing.
func (c *Client) Number(flag string, user *User, fallback float64) float64 {
	native, who, err := c.handles(user)
	if err != nil {
		return fallback
	}
	collectGarbageWhenDebugging()
	var value C.double
	if c.callsBack {
		heap := strings.Clone(flag) // see above
		value = C.fsgo_number(native, who, pointer(heap), C.size_t(len(heap)), C.double(fallback))
	} else {
		value = C.fsgo_number_quiet(native, who, pointer(flag), C.size_t(len(flag)), C.double(fallback))
	}
	runtime.KeepAlive(c)
	runtime.KeepAlive(user)
	return float64(value)
}

// Text decides a text, and answers fallback when there is no decision or the flag's value is no text.
func (c *Client) Text(flag string, user *User, fallback string) string {
	native, who, err := c.handles(user)
	if err != nil {
		return fallback
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_text(native, who, pointer(flag), C.size_t(len(flag)),
		pointer(fallback), C.size_t(len(fallback)), s.native)
	runtime.KeepAlive(c)
	runtime.KeepAlive(user)
	if !answered(status) {
		return fallback
	}
	return string(borrowed(s.native.decision.value_text, s.native.decision.value_text_len))
}

// JSON decides a list, an object or any other JSON value, and answers fallback when there is no decision or the flag's
// value has another JSON type than fallback. A fallback of nil, or of null, accepts every type; one that is not JSON
// is answered always.
func (c *Client) JSON(flag string, user *User, fallback json.RawMessage) json.RawMessage {
	value, _ := c.json(flag, user, fallback)
	return value
}

// json answers as JSON does, and says why where there is no decision.
func (c *Client) json(flag string, user *User, fallback json.RawMessage) (json.RawMessage, error) {
	native, who, err := c.handles(user)
	if err != nil {
		return fallback, err
	}
	given := fallback
	if given == nil {
		given = json.RawMessage("null")
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_json(native, who, pointer(flag), C.size_t(len(flag)),
		bytesPointer(given), C.size_t(len(given)), s.native)
	runtime.KeepAlive(c)
	runtime.KeepAlive(user)
	if !answered(status) {
		return fallback, s.err(status)
	}
	decided := &s.native.decision
	value := borrowed(decided.value_json, decided.value_json_len)
	if status == C.FLAGSTAY_OK {
		return bytes.Clone(value), nil
	}
	err = c.answeredDefault(Code(status), flag, string(borrowed(decided.message, decided.message_len)))
	if bytes.Equal(value, given) {
		return fallback, err
	}
	return bytes.Clone(value), err
}

// answered tells whether the call itself was right. Then the library has answered, if only with a default: the caller's
// or, before that, the one that the dialect's options have for the flag.
func answered(status C.int32_t) bool {
	return status == C.FLAGSTAY_OK || status >= C.FLAGSTAY_FLAG_NOT_FOUND && status < C.FLAGSTAY_NO_STORE
}

// Value decides a value of any type that encoding/json can read. When there is no decision, or the value does not fit,
// it answers fallback and an error that says why:
//
//	limits, err := flagstay.Value(client, "limits", user, Limits{PerMinute: 60})
//
// The fallback is also handed to the ruleset, so encoding/json must be able to write it.
func Value[T any](client *Client, flag string, user *User, fallback T) (T, error) {
	document, err := encode("the fallback", fallback)
	if err != nil {
		return fallback, err
	}
	decided, err := client.json(flag, user, document)
	if err != nil && bytes.Equal(decided, document) {
		return fallback, err
	}
	var value T
	if wrong := json.Unmarshal(decided, &value); wrong != nil {
		if err == nil {
			err = &Error{Code: CodeTypeMismatch, Message: about(flag, wrong.Error())}
		}
		return fallback, err
	}
	return value, err
}

// Evaluate decides, and says why. The error is nil when there is a decision; otherwise it says why there is none, and
// the decision carries the default.
func (c *Client) Evaluate(flag string, user *User, options ...Option) (decision Decision, err error) {
	given, asked, err := combined(options)
	if err != nil {
		return failed(flag, nil, err)
	}
	native, who, err := c.handles(user)
	if err != nil {
		return failed(flag, given.fallback, err)
	}
	assignments, err := given.assignments.borrow()
	if err != nil {
		return failed(flag, given.fallback, err)
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_evaluate(native, who, pointer(flag), C.size_t(len(flag)), asked, assignments,
		bytesPointer(given.fallback), C.size_t(len(given.fallback)), s.native)
	given.assignments.giveBack()
	runtime.KeepAlive(c)
	runtime.KeepAlive(user)
	if err := s.err(status); err != nil {
		return failed(flag, given.fallback, err)
	}
	s.copyTo(&decision, flag)
	if decision.Code != CodeOK {
		err = c.answeredDefault(decision.Code, flag, decision.Message)
	}
	return decision, err
}

// Explain says why a decision is what it is, as a JSON object: "flag", "decision", and "steps" with every rule tried,
// every condition's outcome, buckets and the stored record. The same code decides as in Evaluate; stored assignments
// are read, nothing is stored or queued. For people and logs, not for the request path.
func (c *Client) Explain(flag string, user *User, options ...Option) (json.RawMessage, error) {
	given, asked, err := combined(options)
	if err != nil {
		return nil, err
	}
	native, who, err := c.handles(user)
	if err != nil {
		return nil, err
	}
	assignments, err := given.assignments.borrow()
	if err != nil {
		return nil, err
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_explain(native, who, pointer(flag), C.size_t(len(flag)), asked, assignments,
		bytesPointer(given.fallback), C.size_t(len(given.fallback)), s.native)
	given.assignments.giveBack()
	runtime.KeepAlive(c)
	runtime.KeepAlive(user)
	if err := s.err(status); err != nil {
		return nil, err
	}
	text, _ := s.text()
	return text, nil
}

// Update hands the client a ruleset document: it replaces the current ruleset or, in dialects whose documents are
// messages, is applied to it. Evaluations go on meanwhile, each on the ruleset it began with. A document that is refused
// is an error that names the place, and changes nothing. The time is that of parsing the document.
func (c *Client) Update(document []byte) error {
	native, err := c.handle()
	if err != nil {
		return err
	}
	s := takeScratch()
	defer s.done()
	status := C.fsgo_client_update(native, bytesPointer(document), C.size_t(len(document)), s.native)
	runtime.KeepAlive(c)
	return s.err(status)
}

// Close ends the client as CloseWithin does, waiting for five seconds at most.
func (c *Client) Close() error { return c.CloseWithin(5 * time.Second) }

// CloseWithin ends the client: from now on evaluations answer the caller's default, and other calls return [ErrClosed],
// except for Status, DrainEvents and PrepareSwitch, which go on working. Store and country resolver are let go, by this goroutine or by
// one that is inside a call right now, when it is done. Closing beside running calls is safe, and closing twice is fine.
//
// It waits for background work, but no longer than timeout in whole milliseconds; [ErrTimeout] says that it took longer.
func (c *Client) CloseWithin(timeout time.Duration) error {
	if c.native == nil {
		return nil
	}
	milliseconds := min(max(timeout.Milliseconds(), 0), math.MaxUint32)
	c.closed.Store(true)
	s := takeScratch()
	defer s.done()
	status := C.fsgo_client_close(c.native, C.uint32_t(milliseconds), s.native)
	runtime.KeepAlive(c)
	return s.err(status)
}

// handle is the client as native calls take it. The client has to be kept alive until the call is over. Whatever is past
// this has a library to ask; for the zero Client none may have been loaded.
func (c *Client) handle() (*C.flagstay_client, error) {
	if c.native == nil {
		return nil, errNotMade
	}
	return c.native, nil
}

// Made once, so that asking for the handle is cheap enough to be compiled into the calls.
var errNotMade error = newError(CodeInvalidArgument, "the client was not made by New")

// handles are the client and a user as native calls take them.
func (c *Client) handles(user *User) (client *C.flagstay_client, who *C.flagstay_user, err error) {
	if client, err = c.handle(); err == nil {
		who, err = user.handle()
	}
	return client, who, err
}

// answeredDefault is the error of an evaluation that answered the default.
func (c *Client) answeredDefault(code Code, flag, message string) error {
	return &Error{Code: code, Message: about(flag, message), closed: code == CodeProviderNotReady && c.closed.Load()}
}
