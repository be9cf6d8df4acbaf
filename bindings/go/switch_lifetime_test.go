package flagstay

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"weak"
)

func TestAClosedSwitchAnswersItsFallbackAndSoDoesThatOfAClosedClient(t *testing.T) {
	user := NewUser("u")
	client := switchClient(t, Config{})
	on, off := prepare(t, client, "on", false), prepare(t, client, "off", true)
	for range 2 {
		if !on.On(user) || off.On(user) {
			t.Error("before")
		}
	}
	for range 2 {
		if err := on.Close(); err != nil {
			t.Fatal(err)
		}
		if on.On(user) || on.On(nil) || off.On(user) {
			t.Error("after one was closed")
		}
	}
	client.Close()
	if on.On(user) || !off.On(user) {
		t.Error("after the client was closed")
	}
	if late := prepare(t, client, "on", true); !late.On(user) || prepare(t, client, "on", false).On(user) {
		t.Error("prepared after the client was closed")
	}
}

func TestAStoreMayCloseTheSwitchThatCalledItAndItsClient(t *testing.T) {
	held := heldByLibrary.Load()
	store := newMapStore()
	client := switchClient(t, Config{CustomStore: store})
	prepared, user := prepare(t, client, "kept", false), NewUser("u")
	store.onGet = func(string, string) (json.RawMessage, error) {
		if err := prepared.Close(); err != nil {
			return nil, err
		}
		runtime.GC()
		return nil, client.Close()
	}
	if !prepared.On(user) {
		t.Error("the decision that was being made was lost")
	}
	if prepared.On(user) || client.Bool("kept", user, false) {
		t.Error("what was closed decides")
	}
	if heldByLibrary.Load() != held {
		t.Error("the store was not let go")
	}
}

// isCollected collects garbage until nothing is there at the pointer, or it is clear that something stays.
func isCollected[T any](pointer weak.Pointer[T]) bool {
	for range 20 {
		runtime.GC()
		runtime.Gosched()
		if pointer.Value() == nil {
			return true
		}
	}
	return false
}

func TestAPreparedSwitchKeepsItsClientUntilItIsClosed(t *testing.T) {
	held := heldByLibrary.Load()
	user := NewUser("u")
	prepared, client := func() (*Switch, weak.Pointer[Client]) {
		client, err := New(Config{Ruleset: json.RawMessage(switchRuleset), CustomStore: newMapStore()})
		if err != nil {
			t.Fatal(err)
		}
		return prepare(t, client, "kept", false), weak.Make(client)
	}()
	if isCollected(client) || heldByLibrary.Load() != held+1 || !prepared.On(user) {
		t.Fatal("the client was freed under its switch")
	}
	prepared.Close()
	if !isCollected(client) {
		t.Error("a closed switch keeps its client")
	}
	for range 100 {
		if heldByLibrary.Load() == held {
			break
		}
		runtime.GC()
		runtime.Gosched()
	}
	if heldByLibrary.Load() != held || prepared.On(user) {
		t.Error("the client was not freed")
	}
}

func TestWhatIsBeingAskedIsNotFreedThough(t *testing.T) {
	var client weak.Pointer[Client]
	var native weak.Pointer[prepared]
	var user weak.Pointer[User]
	store := newMapStore()
	looked := 0
	store.onGet = func(string, string) (json.RawMessage, error) {
		if looked++; isCollected(client) || isCollected(native) || isCollected(user) {
			return nil, errors.New("it was collected")
		}
		return nil, nil
	}
	// Nobody else holds any of them while the store is being asked.
	asked := func() bool {
		made, err := New(Config{Ruleset: json.RawMessage(switchRuleset), CustomStore: store})
		if err != nil {
			t.Fatal(err)
		}
		client = weak.Make(made)
		prepared := prepare(t, made, "kept", false)
		native = weak.Make(prepared.prepared.Load())
		somebody := NewUser("u")
		user = weak.Make(somebody)
		return prepared.On(somebody)
	}
	if !asked() || looked == 0 {
		t.Error("no decision")
	}
	if len(store.records) != 1 {
		t.Error("the store found that something was collected")
	}
	if !isCollected(client) || !isCollected(native) || !isCollected(user) {
		t.Error("something is never collected")
	}
}

func TestAnAnswerIsNeverOlderThanTheLastUpdate(t *testing.T) {
	client := switchClient(t, Config{})
	prepared, closed := prepare(t, client, "on", false), prepare(t, client, "on", false)
	offRuleset := strings.Replace(switchRuleset, `"default": "on"`, `"default": "off"`, 1)
	var done sync.WaitGroup
	var over atomic.Bool
	for n := range 8 {
		done.Add(1)
		go func() {
			defer done.Done()
			user := NewUser(fmt.Sprint(n))
			for !over.Load() {
				prepared.On(user)
				closed.On(user)
				brief, err := client.PrepareSwitch("missing", true)
				if err != nil || !brief.On(user) {
					t.Error("another answer", err)
				}
			}
		}()
	}
	user := NewUser("u")
	rounds := paced(300, 100, 5)
	for round := range rounds {
		for _, wanted := range []bool{false, true} {
			document := offRuleset
			if wanted {
				document = switchRuleset
			}
			if err := client.Update([]byte(document)); err != nil {
				t.Fatal(err)
			}
			if prepared.On(user) != wanted || prepared.On(user) != wanted {
				t.Errorf("not %v", wanted)
			}
		}
		if round == rounds/2 {
			closed.Close()
		}
	}
	over.Store(true)
	done.Wait()
	if closed.On(user) || !prepared.On(user) {
		t.Error("afterwards")
	}
}
