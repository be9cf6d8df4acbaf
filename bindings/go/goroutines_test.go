package flagstay

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const goroutines = 64

// echoRuleset has a flag for each goroutine whose every answer is the flag's own name.
func echoRuleset() json.RawMessage {
	var flags []string
	for n := range goroutines {
		name := echoName(n)
		flags = append(flags, fmt.Sprintf(`%[1]q: {"on": true, "variations": {%[1]q: %[1]q}, "off": %[1]q,
			"default": {"id": %[1]q, "split": {"weights": [{"variation": %[1]q, "percent": 100}], "sticky": true}}}`, name))
	}
	return json.RawMessage(`{"format": 1, "flags": {` + strings.Join(flags, ",") + `}}`)
}

func echoName(n int) string { return fmt.Sprintf("echo-%d-%s", n, strings.Repeat("x", n)) }

func TestEveryAnswerCarriesTheNameThatWasAskedFor(t *testing.T) {
	rounds := paced(2000, 100, 10)
	store := newMapStore()
	store.onGet = func(unit, flag string) (json.RawMessage, error) {
		if unit != "unit of "+flag {
			return nil, fmt.Errorf("unit %s for flag %s", unit, flag)
		}
		return nil, nil
	}
	store.onSet = func(unit, flag string, record json.RawMessage) error {
		if !strings.Contains(string(record), `"`+flag+`"`) {
			return fmt.Errorf("record %s for flag %s", record, flag)
		}
		return nil
	}
	for name, client := range map[string]*Client{
		"Go store": newClient(t, Config{Ruleset: echoRuleset(), CustomStore: store}),
		"memory":   newClient(t, Config{Ruleset: echoRuleset(), Store: "memory:"}),
		"no store": newClient(t, Config{Ruleset: echoRuleset()}),
	} {
		var done sync.WaitGroup
		for n := range goroutines {
			done.Add(1)
			go func() {
				defer done.Done()
				flag := echoName(n)
				shared := NewUser("unit of " + flag)
				for round := range rounds {
					user := shared
					if round%10 == 0 {
						user = NewUser("unit of "+flag).Set("round", round)
					}
					decision, err := client.Evaluate(flag, user)
					text, _ := decision.Text()
					if err != nil || text != flag || decision.Flag != flag || decision.Variation != flag ||
						string(decision.Value) != `"`+flag+`"` || decision.StoreError != "" {
						t.Errorf("%s: %s: %+v, %v", name, flag, decision, err)
						return
					}
					if text := client.Text(flag, user, ""); text != flag {
						t.Errorf("%s: %s: %s", name, flag, text)
					}
					if value, err := Value(client, flag, user, ""); err != nil || value != flag {
						t.Errorf("%s: %s: %s, %v", name, flag, value, err)
					}
					if _, err := client.Evaluate(flag+"?", user, Default(flag)); err == nil || !strings.Contains(err.Error(), flag+"?") {
						t.Errorf("%s: %s: %v", name, flag, err)
					}
					if round%100 == 0 {
						all, err := client.All(user)
						if err != nil {
							t.Errorf("%s: %v", name, err)
							return
						}
						if one, err := all.Get(flag); err != nil || one.Variation != flag {
							t.Errorf("%s: %s: %+v, %v", name, flag, one, err)
						}
					}
				}
			}()
		}
		done.Wait()
	}
}

func TestClientsMayBeClosedUpdatedAndForgottenUnderLoad(t *testing.T) {
	held := heldByLibrary.Load()
	for round := range paced(40, 40, 4) {
		config := Config{Ruleset: echoRuleset()}
		if round%2 == 0 {
			config.CustomStore = newMapStore()
		}
		client, err := New(config)
		if err != nil {
			t.Fatal(err)
		}
		var done sync.WaitGroup
		var answered atomic.Int64
		for n := range 8 {
			done.Add(1)
			go func() {
				defer done.Done()
				flag := echoName(n)
				user := NewUser(flag)
				for {
					text := client.Text(flag, user, "closed")
					client.Bool(flag, user, false)
					if text == "closed" {
						return
					}
					if text != flag {
						t.Error(text)
					}
					if answered.Add(1)%16 == 0 {
						client.Update(echoRuleset())
						client.Status()
						client.Forget(flag)
					}
				}
			}()
		}
		for answered.Load() < 64 {
			runtime.Gosched()
		}
		client.Close()
		done.Wait()
	}
	if heldByLibrary.Load() != held {
		t.Errorf("%d stores were not let go", heldByLibrary.Load()-held)
	}
}
