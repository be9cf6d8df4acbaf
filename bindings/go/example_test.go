package flagstay_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/flagstay/flagstay-go"
)

const ruleset = `{"format": 1, "flags": {
	"new-checkout": {"on": true, "variations": {"on": true, "off": false}, "off": "off",
		"rules": [{"id": "staff", "if": {"attribute": "plan", "one_of": ["pro"]}, "serve": "on"}],
		"default": "off"},
	"button-colour": {"on": true, "variations": {"grey": "grey", "blue": "blue"}, "off": "grey",
		"default": {"id": "colours", "split": {"weights": [
			{"variation": "grey", "percent": 0}, {"variation": "blue", "percent": 100}], "sticky": true}}},
	"limits": {"on": true, "variations": {"usual": {"per_minute": 60}}, "off": "usual", "default": "usual"}
}}`

func Example() {
	client, err := flagstay.New(flagstay.Config{Ruleset: json.RawMessage(ruleset), Store: "memory:"})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	user := flagstay.NewUser("user-1").Set("plan", "pro")
	fmt.Println(client.Bool("new-checkout", user, false))
	fmt.Println(client.Text("button-colour", user, "grey"))
	// Output:
	// true
	// blue
}

func ExampleClient_Evaluate() {
	client, err := flagstay.New(flagstay.Config{Ruleset: json.RawMessage(ruleset), Store: "memory:"})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	user := flagstay.NewUser("user-1")
	for range 2 {
		decision, err := client.Evaluate("button-colour", user, flagstay.Default("grey"))
		fmt.Println(decision.Variation, decision.Reason, decision.Sticky, err)
	}
	decision, err := client.Evaluate("missing", user, flagstay.Default("grey"))
	fmt.Println(string(decision.Value), errors.Is(err, flagstay.ErrFlagNotFound))
	// Output:
	// blue FALLTHROUGH false <nil>
	// blue STICKY true <nil>
	// "grey" true
}

func ExampleClient_PrepareSwitch() {
	client, err := flagstay.New(flagstay.Config{Ruleset: json.RawMessage(ruleset)})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	// Once, where the client is made.
	checkout, err := client.PrepareSwitch("new-checkout", false)
	if err != nil {
		panic(err)
	}

	// For each request.
	for _, plan := range []string{"pro", "free"} {
		fmt.Println(plan, checkout.On(flagstay.NewUser("user-1").Set("plan", plan)))
	}
	// Output:
	// pro true
	// free false
}

func ExampleValue() {
	client, err := flagstay.New(flagstay.Config{Ruleset: json.RawMessage(ruleset)})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	type Limits struct {
		PerMinute int `json:"per_minute"`
	}
	limits, err := flagstay.Value(client, "limits", flagstay.NewUser("user-1"), Limits{PerMinute: 10})
	fmt.Println(limits.PerMinute, err)
	// Output: 60 <nil>
}

func ExampleClient_All() {
	client, err := flagstay.New(flagstay.Config{Ruleset: json.RawMessage(ruleset)})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	decisions, err := client.All(flagstay.NewUser("user-1"))
	if err != nil {
		panic(err)
	}
	for flag, decision := range decisions.Each() {
		fmt.Println(flag, string(decision.Value))
	}
	// Output:
	// new-checkout false
	// button-colour "blue"
	// limits {"per_minute":60}
}

// Table is a store over a map. A real one keeps the records in a database, under the same two keys.
type Table struct {
	mutex   sync.Mutex
	records map[[2]string]json.RawMessage
}

func (t *Table) Get(unit, flag string) (json.RawMessage, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.records[[2]string{unit, flag}], nil
}

func (t *Table) Set(unit, flag string, record json.RawMessage) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.records[[2]string{unit, flag}] = record
	return nil
}

func (t *Table) Remove(unit, flag string) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	delete(t.records, [2]string{unit, flag})
	return nil
}

func ExampleStore() {
	table := &Table{records: map[[2]string]json.RawMessage{}}
	client, err := flagstay.New(flagstay.Config{Ruleset: json.RawMessage(ruleset), CustomStore: table})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	client.Text("button-colour", flagstay.NewUser("user-1"), "grey")
	record, found, err := client.Peek("user-1", "button-colour")
	fmt.Println(string(record), found, err)
	removed, err := client.Forget("user-1")
	fmt.Println(removed, err)
	// Output:
	// {"splits":{"colours":{"variation":"blue","version":1}}} true <nil>
	// 1 <nil>
}
