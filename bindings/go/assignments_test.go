package flagstay

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"
)

func TestLoadedAssignmentsAreWhatTheStoreHeldAtThatMoment(t *testing.T) {
	listing := &listingStore{mapStore: newMapStore()}
	for name, config := range map[string]Config{
		"a store that asks for each flag": {CustomStore: newMapStore()},
		"a store that lists":              {CustomStore: listing},
		"a built-in store":                {Store: "memory:"},
	} {
		config.Ruleset = json.RawMessage(exampleRuleset)
		client := newClient(t, config)
		user := NewUser("u")
		empty, err := client.LoadAssignments(user, "userID")
		if err != nil || empty.Err() != nil {
			t.Fatalf("%s: %v, %v", name, err, empty.Err())
		}
		client.Text("experiment", user, "")
		held, err := client.LoadAssignments(user, "userID")
		if err != nil || held.Err() != nil {
			t.Fatalf("%s: %v, %v", name, err, held.Err())
		}
		if _, err := client.Forget("u"); err != nil {
			t.Fatal(err)
		}
		records, err := held.Records()
		if flags := slices.Collect(maps.Keys(records)); err != nil || !slices.Equal(flags, []string{"experiment"}) ||
			!strings.Contains(string(records["experiment"]), `"a"`) {
			t.Errorf("%s: %s, %v", name, records, err)
		}
		if records, err := empty.Records(); err != nil || records == nil || len(records) != 0 {
			t.Errorf("%s: %s, %v", name, records, err)
		}
		decision, err := client.Evaluate("experiment", user, WithAssignments(held), ReadOnly())
		if err != nil || decision.Variation != "a" || decision.StoreError != "" {
			t.Errorf("%s: %+v, %v", name, decision, err)
		}
	}
	if listing.loads == 0 {
		t.Error("a store that can list was not asked to")
	}
}

func TestWhoHasNoSuchIDHasNoAssignments(t *testing.T) {
	client := exampleClient(t, newMapStore())
	keyless, err := UserFromJSON([]byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	none, err := client.LoadAssignments(keyless, "userID")
	if none != nil || err != nil {
		t.Fatal(none, err)
	}
	if records, err := none.Records(); records != nil || err != nil || none.Err() != nil || none.Close() != nil {
		t.Error(records, err)
	}
	if text, err := json.Marshal(none); string(text) != "null" || err != nil {
		t.Errorf("%s, %v", text, err)
	}
	if decision, err := client.Evaluate("new-checkout", NewUser("u"), WithAssignments(none)); err != nil || decision.Variation != "off" {
		t.Errorf("%+v, %v", decision, err)
	}
}

func TestAStoreThatCannotLoadIsSaidByTheAssignments(t *testing.T) {
	for name, wrong := range misbehaviours {
		store := newMapStore()
		store.onGet = func(string, string) (json.RawMessage, error) { return nil, wrong.act() }
		client := exampleClient(t, store)
		held, err := client.LoadAssignments(NewUser("u"), "userID")
		if err != nil || !errors.Is(held.Err(), ErrStore) || !strings.Contains(held.Err().Error(), wrong.said) {
			t.Errorf("%s: %v, %v", name, err, held.Err())
		}
		if records, err := held.Records(); err != nil || len(records) != 0 {
			t.Errorf("%s: %s, %v", name, records, err)
		}
	}
	early := newClient(t, Config{Store: "memory:"})
	if held, err := early.LoadAssignments(NewUser("u"), "userID"); err != nil || !errors.Is(held.Err(), ErrStore) {
		t.Errorf("without a ruleset: %v, %v", err, held.Err())
	}
	without := exampleClient(t, nil)
	held, err := without.LoadAssignments(NewUser("u"), "userID")
	if records, _ := held.Records(); err != nil || held.Err() != nil || len(records) != 0 {
		t.Errorf("without a store: %v, %v, %s", err, held.Err(), records)
	}
}

func TestAssignmentsThatCannotBeLoadedAreAnError(t *testing.T) {
	client := exampleClient(t, newMapStore())
	if held, err := client.LoadAssignments(NewUser("u"), "\xff"); held != nil || !errors.Is(err, ErrInvalidUTF8) {
		t.Error(held, err)
	}
	if held, err := client.LoadAssignments(NewUser("\xff"), "userID"); held != nil || !errors.Is(err, ErrInvalidUTF8) {
		t.Error(held, err)
	}
	client.Close()
	if held, err := client.LoadAssignments(NewUser("u"), "userID"); held != nil || !errors.Is(err, ErrClosed) {
		t.Error(held, err)
	}
	if held, err := new(Client).LoadAssignments(NewUser("u"), "userID"); held != nil || !errors.Is(err, ErrInvalidArgument) {
		t.Error(held, err)
	}
}

func TestAssignmentsAreMadeFromRecords(t *testing.T) {
	held, err := NewAssignments(map[string]json.RawMessage{
		"ü":       json.RawMessage(`{"rule_id": "r\u0000"}`),
		"a":       json.RawMessage(`9007199254740993`),
		"nothing": nil,
		"broken":  json.RawMessage(`{`),
		"bytes":   json.RawMessage("\"a\xff\""),
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(held)
	// What is no JSON is a text, which is no record on any platform: it counts for its flag alone.
	wanted := `{"a":9007199254740993,"broken":"{","bytes":"\"a` + "\uFFFD" + `\"","ü":{"rule_id":"r\u0000"}}`
	if err != nil || string(text) != wanted {
		t.Errorf("%s, %v", text, err)
	}
	if _, err := NewAssignments(map[string]json.RawMessage{"\xff": json.RawMessage("1")}); !errors.Is(err, ErrInvalidUTF8) {
		t.Error(err)
	}
	if held, err := NewAssignments(nil); err != nil || held == nil {
		t.Error(held, err)
	}
	for document, wanted := range map[string]error{
		"": ErrInvalidJSON, "{": ErrInvalidJSON, "[]": ErrInvalidArgument, "null": ErrInvalidArgument, "{\"a\": \"\xff\"}": ErrInvalidUTF8,
	} {
		if held, err := AssignmentsFromJSON([]byte(document)); held != nil || !errors.Is(err, wanted) {
			t.Errorf("%q: %v, %v", document, held, err)
		}
	}
}

func TestClosedAssignmentsAreRefusedWhereverTheyArePassed(t *testing.T) {
	client := exampleClient(t, newMapStore())
	user := NewUser("u")
	closed, err := client.LoadAssignments(user, "userID")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := closed.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, held := range map[string]*Assignments{"closed": closed, "never made": {}} {
		decision, err := client.Evaluate("colour", user, WithAssignments(held), Default("none"))
		if !errors.Is(err, ErrClosed) || !strings.Contains(err.Error(), "assignments") || string(decision.Value) != `"none"` {
			t.Errorf("%s: %+v, %v", name, decision, err)
		}
		if _, err := client.Explain("colour", user, WithAssignments(held)); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := client.All(user, WithAssignments(held)); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
		if records, err := held.Records(); records != nil || !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v, %v", name, records, err)
		}
		if _, err := json.Marshal(held); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
		held.Close()
	}
}

func TestAssignmentsOutliveTheClientThatLoadedThem(t *testing.T) {
	client := exampleClient(t, newMapStore())
	user := NewUser("u")
	client.Text("experiment", user, "")
	held, err := client.LoadAssignments(user, "userID")
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
	if records, err := held.Records(); err != nil || len(records) != 1 {
		t.Errorf("%s, %v", records, err)
	}
	if _, err := client.Evaluate("colour", user, WithAssignments(held)); !errors.Is(err, ErrClosed) || !errors.Is(err, ErrNotReady) {
		t.Error(err)
	}
}

func TestAStoreMayCloseWhatTheCallThatAskedItIsUsing(t *testing.T) {
	store := newMapStore()
	client := exampleClient(t, store)
	user := NewUser("u")
	held, err := client.LoadAssignments(user, "userID")
	if err != nil {
		t.Fatal(err)
	}
	store.onGet = func(string, string) (json.RawMessage, error) { held.Close(); runtime.GC(); return nil, nil }
	if decision, err := client.Evaluate("experiment", user, WithAssignments(held)); err != nil || decision.Variation != "a" {
		t.Errorf("%+v, %v", decision, err)
	}
	if _, err := client.Evaluate("experiment", user, WithAssignments(held)); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestAssignmentsMayBeClosedBesideThoseWhoUseThem(t *testing.T) {
	client := exampleClient(t, newMapStore())
	for round := range paced(50, 50, 5) {
		user := NewUser(fmt.Sprint("user-", round))
		client.Text("experiment", user, "")
		held, err := client.LoadAssignments(user, "userID")
		if err != nil {
			t.Fatal(err)
		}
		var started, done sync.WaitGroup
		for range 4 {
			started.Add(1)
			done.Add(1)
			go func() {
				defer done.Done()
				started.Done()
				for {
					decision, err := client.Evaluate("experiment", user, WithAssignments(held))
					if errors.Is(err, ErrClosed) {
						return
					}
					if err != nil || decision.Variation != "a" {
						t.Errorf("%+v, %v", decision, err)
						return
					}
					if records, err := held.Records(); err == nil && len(records) != 1 {
						t.Errorf("%s", records)
						return
					}
				}
			}()
		}
		started.Wait()
		runtime.Gosched()
		if round%2 == 0 {
			go held.Close()
		}
		held.Close()
		done.Wait()
	}
}

func TestASharedHandleIsFreedOnceByWhoeverUsesItLast(t *testing.T) {
	freed := 0
	native := unsafe.Pointer(new(int))
	newOwner := func() *struct{ shared shared } {
		freed = 0
		owner := new(struct{ shared shared })
		own(owner, &owner.shared, native, func(unsafe.Pointer) { freed++ })
		return owner
	}
	owner := newOwner()
	first, open := owner.shared.borrow()
	if first != native || !open {
		t.Error("an open handle was not lent")
	}
	owner.shared.borrow()
	owner.shared.close()
	owner.shared.close()
	if _, open := owner.shared.borrow(); open {
		t.Error("a closed handle was lent")
	}
	owner.shared.giveBack()
	if freed != 0 {
		t.Error("freed while it was being used")
	}
	owner.shared.giveBack()
	if freed != 1 {
		t.Errorf("freed %d times", freed)
	}
	owner = newOwner()
	owner.shared.close()
	if freed != 1 {
		t.Errorf("freed %d times", freed)
	}
	runtime.KeepAlive(owner)
}
