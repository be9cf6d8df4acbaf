package flagstay

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestAStoredVariationSurvivesAChangedSplit(t *testing.T) {
	for name, store := range map[string]Store{
		"plain": newMapStore(), "everything": &listingStore{mapStore: newMapStore()},
	} {
		client := exampleClient(t, store)
		user := NewUser("ü\x00")
		first, err := client.Evaluate("experiment", user)
		if err != nil || first.Variation != "a" || first.Sticky || first.StoreError != "" {
			t.Fatalf("%s: %+v, %v", name, first, err)
		}
		if err := client.Update([]byte(turnedRuleset)); err != nil {
			t.Fatal(err)
		}
		again, err := client.Evaluate("experiment", user)
		if err != nil || again.Variation != "a" || !again.Sticky || again.Reason != ReasonSticky {
			t.Errorf("%s: %+v, %v", name, again, err)
		}
		if other, _ := client.Evaluate("experiment", NewUser("other"), ReadOnly()); other.Variation != "b" {
			t.Errorf("%s: %+v", name, other)
		}
		if _, found, err := client.Peek("other", "experiment"); found || err != nil {
			t.Errorf("%s: a look was stored, %v", name, err)
		}
		record, found, err := client.Peek("ü\x00", "experiment")
		if err != nil || !found || !strings.Contains(string(record), `"a"`) {
			t.Errorf("%s: %s, %v, %v", name, record, found, err)
		}
		if removed, err := client.Forget("ü\x00"); err != nil || removed != 1 {
			t.Errorf("%s: %d, %v", name, removed, err)
		}
		if removed, err := client.Forget("ü\x00"); err != nil || removed != 0 {
			t.Errorf("%s: %d, %v", name, removed, err)
		}
		status, err := client.Status()
		if err != nil || status.Store.Kind != "host" || status.Store.Writes != 1 || status.Store.Failures != 0 {
			t.Errorf("%s: %+v, %v", name, status.Store, err)
		}
	}
}

func TestBuiltInStoresKeepAssignmentsToo(t *testing.T) {
	path := t.TempDir() + "/assignments.db"
	for range 2 {
		client := newClient(t, Config{Ruleset: json.RawMessage(exampleRuleset), Store: "sqlite:" + path,
			BusyTimeout: time.Second, SlowAfter: time.Second})
		if decision, err := client.Evaluate("experiment", NewUser("u")); err != nil || decision.Variation != "a" {
			t.Fatalf("%+v, %v", decision, err)
		}
		client.Close()
	}
	client := newClient(t, Config{Ruleset: json.RawMessage(turnedRuleset), Store: "sqlite:" + path})
	if decision, err := client.Evaluate("experiment", NewUser("u")); err != nil || !decision.Sticky || decision.Variation != "a" {
		t.Errorf("%+v, %v", decision, err)
	}
	without := exampleClient(t, nil)
	if _, _, err := without.Peek("u", "f"); !errors.Is(err, ErrNoStore) {
		t.Error(err)
	}
	if _, err := without.Forget("u"); !errors.Is(err, ErrNoStore) {
		t.Error(err)
	}
}

type angryError struct{}

func (angryError) Error() string { panic("even the message") }

// misbehaviours are what a store may do instead of its work, and a part of what is said about it.
var misbehaviours = map[string]struct {
	act  func() error
	said string
}{
	"errors":                    {func() error { return errors.New("the disk is full") }, "the disk is full"},
	"errors without words":      {func() error { return errors.New("") }, "without a message"},
	"errors that are not UTF-8": {func() error { return errors.New("a\xffb") }, "a\uFFFDb"},
	"errors that panic":         {func() error { return angryError{} }, "even the message"},
	"panics":                    {func() error { panic("nobody is home") }, "panicked: nobody is home"},
	"panics with nil":           {func() error { panic(nil) }, "panicked"},
	"panics at run time":        {func() error { var none map[string]int; none["a"] = 1; return nil }, "nil map"},
	"panics with an error":      {func() error { panic(angryError{}) }, "panicked"},
	"ends the goroutine":        {func() error { runtime.Goexit(); return nil }, "ended its goroutine"},
	"ends it while it says":     {func() error { panic(leaving{}) }, ""},
}

type leaving struct{}

func (leaving) String() string { runtime.Goexit(); return "" }

func TestAStoreThatMisbehavesNeverFailsADecision(t *testing.T) {
	for name, wrong := range misbehaviours {
		for _, operation := range []string{"Get", "Set", "SetIfAbsent"} {
			t.Run(name+" in "+operation, func(t *testing.T) {
				held := heldByLibrary.Load()
				plain := newMapStore()
				var store Store = plain
				switch operation {
				case "Get":
					plain.onGet = func(string, string) (json.RawMessage, error) { return nil, wrong.act() }
				case "Set":
					plain.onSet = func(string, string, json.RawMessage) error { return wrong.act() }
				case "SetIfAbsent":
					store = &listingStore{mapStore: plain,
						onSetIfAbsent: func(string, string, json.RawMessage) (json.RawMessage, error) { return nil, wrong.act() }}
				}
				client := exampleClient(t, store)
				before := runtime.NumGoroutine()
				users := paced(100, 100, 5)
				for n := range users {
					user := NewUser(fmt.Sprintf("user-%d", n))
					decision, err := client.Evaluate("experiment", user)
					if err != nil || decision.Variation != "a" || decision.Sticky {
						t.Fatalf("%+v, %v", decision, err)
					}
					if !strings.Contains(decision.StoreError, wrong.said) || decision.StoreError == "" {
						t.Fatalf("%q does not say %q", decision.StoreError, wrong.said)
					}
					if client.Text("experiment", user, "") != "a" {
						t.Fatal("another decision")
					}
				}
				status, err := client.Status()
				if err != nil || status.Store.Failures != uint64(2*users) || status.Store.Writes != 0 || status.Store.LastError == "" {
					t.Errorf("%+v, %v", status.Store, err)
				}
				if operation == "Get" {
					if _, _, err := client.Peek("u", "experiment"); !errors.Is(err, ErrStore) || !strings.Contains(err.Error(), wrong.said) {
						t.Error(err)
					}
				}
				if after := runtime.NumGoroutine(); after > before+2 {
					t.Errorf("%d goroutines were left behind", after-before)
				}
				client.Close()
				if heldByLibrary.Load() != held {
					t.Error("the store was not let go")
				}
			})
		}
	}
}

func TestGarbageFromAStoreIsNotServed(t *testing.T) {
	for name, record := range map[string]string{
		"no text": "", "no JSON": "{", "no UTF-8": "\"\xff\"", "a list": "[1]", "a number": "5", "null": "null",
		"another shape": `{"splits": 5}`, "a lost variation": `{"splits": {"halves": {"variation": "z", "version": 1}}}`,
		"huge": strings.Repeat("[", 1<<20),
	} {
		store := newMapStore()
		store.onGet = func(string, string) (json.RawMessage, error) { return json.RawMessage(record), nil }
		client := exampleClient(t, store)
		decision, err := client.Evaluate("experiment", NewUser("u"))
		if err != nil || decision.Variation != "a" || decision.Sticky {
			t.Errorf("%s: %+v, %v", name, decision, err)
		}
	}
	store := newMapStore()
	store.onGet = func(string, string) (json.RawMessage, error) { return json.RawMessage("{"), nil }
	client := exampleClient(t, store)
	if decision, _ := client.Evaluate("experiment", NewUser("u")); !strings.Contains(decision.StoreError, "garbage") {
		t.Errorf("%+v", decision)
	}
	if status, err := client.Status(); err != nil || status.Store.Garbage != 1 {
		t.Errorf("%+v, %v", status.Store, err)
	}
	if _, _, err := client.Peek("u", "experiment"); !errors.Is(err, ErrStore) {
		t.Error(err)
	}
}

func TestOneBadRecordDoesNotKeepAUnitFromBeingForgotten(t *testing.T) {
	store := &listingStore{mapStore: newMapStore()}
	store.records[[2]string{"u", "experiment"}] = json.RawMessage("{not JSON \xff")
	store.records[[2]string{"u", "gone from the ruleset"}] = json.RawMessage("{}")
	store.records[[2]string{"v", "experiment"}] = json.RawMessage("{}")
	client := exampleClient(t, store)
	if removed, err := client.Forget("u"); err != nil || removed != 2 || len(store.records) != 1 || store.loads != 1 {
		t.Errorf("%d, %v, %v", removed, err, store.records)
	}
	store.onRemove = func(string, string) error { return errors.New("read-only") }
	if _, err := client.Forget("v"); !errors.Is(err, ErrStore) || !strings.Contains(err.Error(), "read-only") {
		t.Error(err)
	}
}

func TestTheFirstWriterWins(t *testing.T) {
	store := &listingStore{mapStore: newMapStore()}
	// Somebody else is first, between this client's read and its write.
	store.onSetIfAbsent = func(unit, flag string, record json.RawMessage) (json.RawMessage, error) {
		return json.RawMessage(strings.Replace(string(record), `"a"`, `"b"`, 1)), nil
	}
	client := exampleClient(t, store)
	decision, err := client.Evaluate("experiment", NewUser("u"))
	if err != nil || decision.Variation != "b" {
		t.Errorf("%+v, %v", decision, err)
	}
	if status, _ := client.Status(); status.Store.LostRaces != 1 {
		t.Errorf("%+v", status.Store)
	}
}

func TestASlowStoreIsCounted(t *testing.T) {
	store := newMapStore()
	store.onGet = func(string, string) (json.RawMessage, error) { time.Sleep(20 * time.Millisecond); return nil, nil }
	client := newClient(t, Config{Ruleset: json.RawMessage(exampleRuleset), CustomStore: store, SlowAfter: 5 * time.Millisecond})
	if decision, err := client.Evaluate("experiment", NewUser("u")); err != nil || decision.StoreError != "" {
		t.Errorf("%+v, %v", decision, err)
	}
	if status, err := client.Status(); err != nil || status.Store.Slow == 0 {
		t.Errorf("%+v, %v", status.Store, err)
	}
}

func TestAStoreMayCallTheClientThatCalledIt(t *testing.T) {
	store := newMapStore()
	client := exampleClient(t, store)
	depth := 0
	store.onGet = func(unit, flag string) (json.RawMessage, error) {
		runtime.GC()
		if depth++; depth < 20 {
			inner, err := client.Evaluate("experiment", NewUser(fmt.Sprintf("inner-%d", depth)))
			if err != nil || inner.Variation != "a" || inner.StoreError != "" {
				t.Errorf("%+v, %v", inner, err)
			}
			if client.Text("colour", NewUser(unit), "") != "grey" || client.Bool("new-checkout", nil, false) {
				t.Error("another answer inside")
			}
			if err := client.Update([]byte(exampleRuleset)); err != nil {
				t.Error(err)
			}
			if _, err := client.Status(); err != nil {
				t.Error(err)
			}
		}
		return nil, nil
	}
	decision, err := client.Evaluate("experiment", NewUser("outer"))
	if err != nil || decision.Variation != "a" || decision.Flag != "experiment" || depth != 20 {
		t.Errorf("%+v, %v, %d", decision, err, depth)
	}
}

// A callback that needs a deep stack makes the goroutine's stack move under the native frames.
func TestTheStackMayMoveInACallback(t *testing.T) {
	store := newMapStore()
	var deep func(depth int) int
	deep = func(depth int) int {
		var room [256]byte
		if depth == 0 {
			return int(room[0])
		}
		return deep(depth-1) + int(room[depth%256])
	}
	store.onGet = func(string, string) (json.RawMessage, error) { deep(2000); return nil, nil }
	client := exampleClient(t, store)
	done := make(chan bool)
	for n := range 50 {
		go func() {
			defer func() { done <- true }()
			key := []byte("experiment")
			if client.Bool(string(key), NewUser(fmt.Sprint(n)), true) != true {
				t.Error("a text is no switch")
			}
			if text := client.Text(string(key), NewUser(fmt.Sprint(n)), ""); text != "a" {
				t.Error(text)
			}
		}()
		<-done
	}
}

func TestClosingBesideARunningDecisionWaitsForNobody(t *testing.T) {
	held := heldByLibrary.Load()
	store := newMapStore()
	entered, leave := make(chan bool), make(chan bool)
	store.onGet = func(string, string) (json.RawMessage, error) { entered <- true; <-leave; return nil, nil }
	client := exampleClient(t, store)
	decided := make(chan Decision)
	go func() {
		decision, _ := client.Evaluate("experiment", NewUser("u"))
		decided <- decision
	}()
	<-entered
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if heldByLibrary.Load() != held+1 {
		t.Error("the store was let go while it was being used")
	}
	if _, err := client.Evaluate("experiment", NewUser("v")); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	leave <- true
	if decision := <-decided; decision.Variation != "a" {
		t.Errorf("%+v", decision)
	}
	if heldByLibrary.Load() != held {
		t.Error("the store was not let go")
	}
}

func TestAStoreMayCloseTheClientThatCalledIt(t *testing.T) {
	held := heldByLibrary.Load()
	store := newMapStore()
	client := exampleClient(t, store)
	store.onGet = func(string, string) (json.RawMessage, error) { return nil, client.Close() }
	if decision, err := client.Evaluate("experiment", NewUser("u")); err != nil || decision.Variation != "a" {
		t.Errorf("%+v, %v", decision, err)
	}
	if _, err := client.Evaluate("experiment", NewUser("u")); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if heldByLibrary.Load() != held {
		t.Error("the store was not let go")
	}
}
