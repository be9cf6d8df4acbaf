package flagstay

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAConfigurationThatMakesNoSenseIsRefusedByName(t *testing.T) {
	for name, wrong := range map[string]struct {
		config Config
		kind   error
		said   string
	}{
		"dialect":           {Config{Dialect: "esperanto"}, ErrInvalidConfig, "esperanto"},
		"store":             {Config{Store: "carrier-pigeon:"}, ErrInvalidConfig, "carrier-pigeon"},
		"two stores":        {Config{Store: "memory:", CustomStore: newMapStore()}, ErrInvalidConfig, "store"},
		"two rulesets":      {Config{Ruleset: json.RawMessage("{}"), RulesetFile: "x"}, ErrInvalidConfig, "not both"},
		"ruleset file":      {Config{RulesetFile: "/nowhere.json"}, ErrInvalidConfig, "/nowhere.json"},
		"ruleset":           {Config{Ruleset: json.RawMessage(`{"format": 99}`)}, ErrInvalidRuleset, "format"},
		"text of a ruleset": {Config{Ruleset: json.RawMessage(`{`)}, nil, ""},
		"capacity":          {Config{Events: EventsConfig{Capacity: -1}}, ErrInvalidConfig, "capacity"},
		"options":           {Config{Options: map[string]any{"no-such-option": 1}, Ruleset: json.RawMessage(exampleRuleset)}, nil, "no-such-option"},
		"text":              {Config{Store: "sqlite:\xff"}, ErrInvalidUTF8, "Store"},
		"value":             {Config{Options: map[string]any{"f": func() {}}}, ErrInvalidJSON, "configuration"},
	} {
		held := heldByLibrary.Load()
		client, err := New(wrong.config)
		if err == nil || client != nil || wrong.kind != nil && !errors.Is(err, wrong.kind) ||
			!strings.Contains(err.Error(), wrong.said) {
			t.Errorf("%s: %v", name, err)
		}
		if heldByLibrary.Load() != held {
			t.Errorf("%s: the store was not let go", name)
		}
	}
}

func TestARulesetComesFromAFileOrLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flags.json")
	if err := os.WriteFile(path, []byte(exampleRuleset), 0o600); err != nil {
		t.Fatal(err)
	}
	user := NewUser("u").Set("plan", "pro")
	if !newClient(t, Config{RulesetFile: path}).Bool("new-checkout", user, false) {
		t.Error("from a file")
	}
	late := newClient(t, Config{})
	if _, err := late.Evaluate("new-checkout", user); !errors.Is(err, ErrNotReady) || errors.Is(err, ErrClosed) {
		t.Errorf("before the first ruleset: %v", err)
	}
	if err := late.Update([]byte(exampleRuleset)); err != nil {
		t.Fatal(err)
	}
	if !late.Bool("new-checkout", user, false) {
		t.Error("later")
	}
	if err := late.Update([]byte(`{"format": 99}`)); !errors.Is(err, ErrInvalidRuleset) {
		t.Errorf("a bad one: %v", err)
	}
	status, err := late.Status()
	if err != nil || status.State != "READY" || status.Flags != 5 || status.Updates.Loaded != 1 ||
		status.Updates.Refused != 1 || status.Updates.LastError == "" || !strings.Contains(string(status.Raw), "refused") {
		t.Errorf("%+v, %v", status, err)
	}
	if !late.Bool("new-checkout", user, false) {
		t.Error("the good ruleset did not stay")
	}
}

func TestEachKindOfValueHasItsCall(t *testing.T) {
	client := exampleClient(t, nil)
	pro, free := NewUser("u").Set("plan", "pro"), NewUser("u")
	if !client.Bool("new-checkout", pro, false) || client.Bool("new-checkout", free, true) {
		t.Error("booleans")
	}
	if client.Number("limit", free, 1) != 10 || client.Number("limit", pro, 1) != 9007199254740992 {
		t.Error("numbers")
	}
	if client.Text("colour", free, "") != "grey" || client.Text("colour", pro, "") != "bläu\x00" {
		t.Error("texts")
	}
	if string(client.JSON("layout", free, nil)) != `{"columns":3,"names":["a","b"]}` {
		t.Errorf("JSON: %s", client.JSON("layout", free, nil))
	}
	type layout struct {
		Columns int
		Names   []string
	}
	wide, err := Value(client, "layout", free, layout{})
	if err != nil || wide.Columns != 3 || len(wide.Names) != 2 {
		t.Errorf("%+v, %v", wide, err)
	}
	if exact, err := Value(client, "limit", pro, int64(0)); err != nil || exact != 9007199254740993 {
		t.Errorf("%d, %v", exact, err)
	}
	if anything, err := Value[any](client, "colour", free, nil); err != nil || anything != "grey" {
		t.Errorf("%v, %v", anything, err)
	}
}

func TestTheFallbackIsAnsweredAndItIsSaidWhy(t *testing.T) {
	client := exampleClient(t, nil)
	user := NewUser("u")
	if !client.Bool("missing", user, true) || client.Number("missing", user, 2.5) != 2.5 ||
		client.Text("missing", user, "x") != "x" || string(client.JSON("missing", user, json.RawMessage("[1]"))) != "[1]" {
		t.Error("a flag that there is not")
	}
	if !client.Bool("colour", user, true) || client.Number("colour", user, 2.5) != 2.5 ||
		client.Text("limit", user, "x") != "x" || string(client.JSON("limit", user, json.RawMessage("[1]"))) != "[1]" {
		t.Error("a value of another type")
	}
	if !client.Bool("\xff", user, true) || client.Number("\xff", user, 2.5) != 2.5 || client.Text("\xff", user, "x") != "x" ||
		client.Text("colour", user, "\xff") != "\xff" || string(client.JSON("layout", user, json.RawMessage("{"))) != "{" {
		t.Error("nonsense")
	}
	if value, err := Value(client, "missing", user, 7); value != 7 || !errors.Is(err, ErrFlagNotFound) {
		t.Errorf("%d, %v", value, err)
	}
	if value, err := Value(client, "colour", user, 7); value != 7 || !errors.Is(err, ErrTypeMismatch) {
		t.Errorf("%d, %v", value, err)
	}
	if value, err := Value(client, "limit", NewUser("u").Set("plan", "pro"), int8(7)); value != 7 || !errors.Is(err, ErrTypeMismatch) {
		t.Errorf("%d, %v", value, err)
	}
	if value, err := Value(client, "\xff", user, 7); value != 7 || !errors.Is(err, ErrInvalidUTF8) {
		t.Errorf("%d, %v", value, err)
	}
	if _, err := Value(client, "colour", user, func() {}); !errors.Is(err, ErrInvalidJSON) {
		t.Error(err)
	}
}

func TestAClosedClientAnswersDefaultsAndSaysThatItIsClosed(t *testing.T) {
	client := newClient(t, Config{Ruleset: json.RawMessage(exampleRuleset), Store: "memory:",
		Events: EventsConfig{Exposures: true}})
	user := NewUser("u").Set("plan", "pro")
	client.Text("experiment", user, "")
	decisions, err := client.All(user)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if client.Bool("new-checkout", user, false) || client.Number("limit", user, 1) != 1 || client.Text("colour", user, "x") != "x" {
		t.Error("a closed client decides")
	}
	decision, err := client.Evaluate("colour", user, Default("x"))
	if !errors.Is(err, ErrClosed) || !errors.Is(err, ErrNotReady) || string(decision.Value) != `"x"` {
		t.Errorf("%+v, %v", decision, err)
	}
	if _, err := Value(client, "colour", user, "x"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := client.All(user); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, _, err := client.Peek("u", "experiment"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := client.Forget("u"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := client.Update([]byte(exampleRuleset)); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := client.Track("purchase", user, TrackOptions{}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if status, err := client.Status(); err != nil || status.State != "OFF" {
		t.Errorf("%+v, %v", status, err)
	}
	if events, err := client.DrainEvents(10); err != nil || len(events) != 1 {
		t.Errorf("%s, %v", events, err)
	}
	if decision, err := decisions.Get("colour"); err != nil || decision.Variation != "blue" {
		t.Errorf("%+v, %v", decision, err)
	}
	if _, err := client.Explain("colour", user); err != nil {
		t.Error(err)
	}
}

func TestABooleanAndANumberAllocateNothing(t *testing.T) {
	client := exampleClient(t, nil)
	user := NewUser("u").Set("plan", "pro")
	key := []byte("new-checkout")
	if count := testing.AllocsPerRun(1000, func() { client.Bool("new-checkout", user, false) }); count != 0 {
		t.Errorf("Bool: %v", count)
	}
	if count := testing.AllocsPerRun(1000, func() { client.Bool(string(key), user, false) }); count != 0 {
		t.Errorf("Bool with a flag on the stack: %v", count)
	}
	if count := testing.AllocsPerRun(1000, func() { client.Number("limit", user, 1) }); count != 0 {
		t.Errorf("Number: %v", count)
	}
	if raceDetector || collectsWhenDebugging {
		return // then sync.Pool keeps little
	}
	if count := testing.AllocsPerRun(1000, func() { client.Evaluate("colour", user) }); count > 1 {
		t.Errorf("Evaluate: %v", count)
	}
	if count := testing.AllocsPerRun(1000, func() { client.Text("colour", user, "") }); count > 1 {
		t.Errorf("Text: %v", count)
	}
}
