package flagstay

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The tests need a library: that of FLAGSTAY_LIBRARY or, in a checkout, the one that `make build` made.
func TestMain(m *testing.M) {
	if os.Getenv(childTask) != "" {
		os.Exit(runChild())
	}
	built, err := filepath.Abs("../../target/release/libflagstay.so")
	if _, missing := os.Stat(built); os.Getenv(libraryVariable) == "" && err == nil && missing == nil {
		os.Setenv(libraryVariable, built)
	}
	os.Exit(m.Run())
}

// paced is how often a test does what it does: usually, under the race detector, and where garbage is collected before
// each native call.
func paced(usually, racing, collecting int) int {
	switch {
	case collectsWhenDebugging:
		return collecting
	case raceDetector:
		return racing
	default:
		return usually
	}
}

// What most tests decide with.
const exampleRuleset = `{"format": 1, "flags": {
	"new-checkout": {"on": true, "variations": {"on": true, "off": false}, "off": "off",
		"targets": [{"values": ["user-3"], "serve": "off"}],
		"rules": [{"id": "staff", "if": {"attribute": "plan", "one_of": ["pro"]}, "serve": "on"}],
		"default": "off"},
	"limit": {"on": true, "variations": {"low": 10, "high": 9007199254740993}, "off": "low",
		"rules": [{"id": "many", "if": {"attribute": "plan", "one_of": ["pro"]}, "serve": "high"}],
		"default": "low"},
	"colour": {"on": true, "variations": {"grey": "grey", "blue": "bläu\u0000"}, "off": "grey",
		"rules": [{"id": "", "if": {"attribute": "plan", "one_of": ["pro"]}, "serve": "blue"}],
		"default": "grey"},
	"layout": {"on": true, "variations": {"wide": {"columns": 3, "names": ["a", "b"]}}, "off": "wide", "default": "wide"},
	"experiment": {"on": true, "variations": {"a": "a", "b": "b"}, "off": "a",
		"default": {"id": "halves", "split": {"weights": [
			{"variation": "a", "percent": 100}, {"variation": "b", "percent": 0}], "sticky": true}}}
}}`

// The same with the experiment's split turned round.
var turnedRuleset = strings.Replace(strings.Replace(exampleRuleset, `"a", "percent": 100`, `"a", "percent": 0`, 1),
	`"b", "percent": 0`, `"b", "percent": 100`, 1)

func newClient(t testing.TB, config Config) *Client {
	t.Helper()
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func exampleClient(t testing.TB, store Store) *Client {
	t.Helper()
	return newClient(t, Config{Ruleset: json.RawMessage(exampleRuleset), CustomStore: store})
}

// mapStore is a store that can be told to misbehave: a hook runs before the operation it is for.
type mapStore struct {
	mutex    sync.Mutex
	records  map[[2]string]json.RawMessage
	onGet    func(unit, flag string) (json.RawMessage, error)
	onSet    func(unit, flag string, record json.RawMessage) error
	onRemove func(unit, flag string) error
}

func newMapStore() *mapStore { return &mapStore{records: map[[2]string]json.RawMessage{}} }

func (s *mapStore) Get(unit, flag string) (json.RawMessage, error) {
	if s.onGet != nil {
		if record, err := s.onGet(unit, flag); record != nil || err != nil {
			return record, err
		}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.records[[2]string{unit, flag}], nil
}

func (s *mapStore) Set(unit, flag string, record json.RawMessage) error {
	if s.onSet != nil {
		if err := s.onSet(unit, flag, record); err != nil {
			return err
		}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.records[[2]string{unit, flag}] = record
	return nil
}

func (s *mapStore) Remove(unit, flag string) error {
	if s.onRemove != nil {
		if err := s.onRemove(unit, flag); err != nil {
			return err
		}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.records, [2]string{unit, flag})
	return nil
}

// listingStore is a mapStore with everything that a store may offer.
type listingStore struct {
	*mapStore
	onSetIfAbsent func(unit, flag string, record json.RawMessage) (json.RawMessage, error)
	loads         int
}

func (s *listingStore) Load(unit string) (map[string]json.RawMessage, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.loads++
	held := map[string]json.RawMessage{}
	for place, record := range s.records {
		if place[0] == unit {
			held[place[1]] = record
		}
	}
	return held, nil
}

func (s *listingStore) SetIfAbsent(unit, flag string, record json.RawMessage) (json.RawMessage, error) {
	if s.onSetIfAbsent != nil {
		return s.onSetIfAbsent(unit, flag, record)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if standing, there := s.records[[2]string{unit, flag}]; there {
		return standing, nil
	}
	s.records[[2]string{unit, flag}] = record
	return record, nil
}
