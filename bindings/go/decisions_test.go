package flagstay

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestAllDecisionsAreThereInOrderAndExposeWhatIsLookedAt(t *testing.T) {
	client := newClient(t, Config{Ruleset: json.RawMessage(exampleRuleset), Events: EventsConfig{Exposures: true},
		Now: time.UnixMilli(1790000000000)})
	decisions, err := client.All(NewUser("u").Set("plan", "pro"))
	if err != nil || decisions.Len() != 5 {
		t.Fatal(decisions, err)
	}
	var keys []string
	for flag, decision := range decisions.Each() {
		if decision.Flag != flag {
			t.Errorf("%s is not %s", decision.Flag, flag)
		}
		keys = append(keys, flag)
	}
	if order := strings.Join(keys, " "); order != "new-checkout limit colour layout experiment" {
		t.Error(order)
	}
	var colour, experiment Decision
	for flag, decision := range decisions.Each() {
		if flag == "experiment" {
			experiment = decision
		}
	}
	for flag, decision := range decisions.Each() {
		if flag == "colour" {
			colour = decision
			break
		}
	}
	if events, err := client.DrainEvents(100); err != nil || len(events) != 0 {
		t.Errorf("going through them exposed %d, %v", len(events), err)
	}
	decision, err := decisions.Get("experiment")
	if text, ok := decision.Text(); err != nil || text != "a" || !ok {
		t.Errorf("%+v, %v", decision, err)
	}
	events, err := client.DrainEvents(100)
	if err != nil || len(events) != 1 || !strings.Contains(string(events[0]), "experiment") {
		t.Errorf("%s, %v", events, err)
	}
	if _, err := decisions.Get("missing"); !errors.Is(err, ErrFlagNotFound) || !strings.Contains(err.Error(), "missing") {
		t.Error(err)
	}
	for name, wrong := range map[string]struct {
		decision Decision
		events   int
	}{"a split": {experiment, 1}, "no split": {colour, 0}} {
		err := decisions.Expose(wrong.decision)
		if exposed, _ := client.DrainEvents(100); err != nil || len(exposed) != wrong.events ||
			wrong.events == 1 && string(exposed[0]) != string(events[0]) {
			t.Errorf("%s: %s, %v", name, exposed, err)
		}
	}
	looking, err := client.All(NewUser("u"), ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	looking.Get("experiment")
	for _, decision := range looking.Each() {
		if err := looking.Expose(decision); err != nil {
			t.Error(err)
		}
	}
	for name, elsewhere := range map[string]Decision{"of others": experiment, "by itself": decision, "none": {}} {
		if err := looking.Expose(elsewhere); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if events, _ := client.DrainEvents(100); len(events) != 0 {
		t.Error("a look was exposed")
	}
	decisions.Close()
	decisions.Close()
	if _, err := decisions.Get("new-checkout"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := decisions.Expose(experiment); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	for range decisions.Each() {
		t.Error("closed decisions go on")
	}
}
