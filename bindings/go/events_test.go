package flagstay

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestEventsGoInAndComeOut(t *testing.T) {
	client := newClient(t, Config{Ruleset: json.RawMessage(exampleRuleset),
		Events: EventsConfig{Exposures: true, Capacity: 3}, Now: time.UnixMilli(1790000000000)})
	user := NewUser("u\n\"ü").Set("plan", "pro")
	client.Text("experiment", user, "")
	client.Evaluate("experiment", user, ReadOnly())
	accepted, err := client.Track("purchase", user, TrackOptions{Value: 9.5, Properties: map[string]any{"currency": "EUR"}})
	if err != nil || !accepted {
		t.Fatal(accepted, err)
	}
	status, err := client.Status()
	if err != nil || status.Events.Queued != 2 || status.Events.Capacity != 3 || status.Events.Accepted != 2 {
		t.Errorf("%+v, %v", status.Events, err)
	}
	first, err := client.DrainEvents(1)
	if err != nil || len(first) != 1 || !json.Valid(first[0]) {
		t.Fatalf("%s, %v", first, err)
	}
	second, err := client.DrainEvents(100)
	if err != nil || len(second) != 1 || !json.Valid(second[0]) || !strings.Contains(string(second[0]), "EUR") {
		t.Fatalf("%s, %v", second, err)
	}
	if none, err := client.DrainEvents(100); err != nil || len(none) != 0 {
		t.Errorf("%s, %v", none, err)
	}
	if none, err := client.DrainEvents(-1); err != nil || len(none) != 0 {
		t.Errorf("%s, %v", none, err)
	}
	for range 5 {
		client.Track("purchase", user, TrackOptions{})
	}
	if status, _ := client.Status(); status.Events.Dropped != 2 || status.Events.Queued != 3 {
		t.Errorf("%+v", status.Events)
	}
	for name, options := range map[string]TrackOptions{
		"value": {Value: func() {}}, "text": {Properties: map[string]any{"a": "\xff"}}, "flags": {Flags: []string{"\xff"}},
	} {
		if _, err := client.Track("purchase", user, options); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := client.Track("\xff", user, TrackOptions{}); !errors.Is(err, ErrInvalidUTF8) {
		t.Error(err)
	}
}
