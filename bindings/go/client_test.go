package flagstay

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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

func TestADecisionSaysWhatItIsAndWhy(t *testing.T) {
	client := exampleClient(t, nil)
	decision, err := client.Evaluate("new-checkout", NewUser("u").Set("plan", "pro"))
	if err != nil || decision.Err() != nil {
		t.Fatal(err)
	}
	on, isBool := decision.Bool()
	_, isNumber := decision.Number()
	_, isText := decision.Text()
	if !on || !isBool || isNumber || isText || decision.Flag != "new-checkout" || string(decision.Value) != "true" ||
		decision.Variation != "on" || decision.RuleID != "staff" || decision.Reason != ReasonRuleMatch ||
		!decision.Found || !decision.Enabled || decision.Sticky || decision.Code != CodeOK {
		t.Errorf("%+v", decision)
	}
	// An empty name is not the same as none.
	empty, _ := client.Evaluate("colour", NewUser("u").Set("plan", "pro"))
	document, err := json.Marshal(empty)
	if err != nil || !strings.Contains(string(document), `"rule_id":""`) || !strings.Contains(string(document), `"error":null`) {
		t.Errorf("%s, %v", document, err)
	}
	missing, err := client.Evaluate("missing", NewUser("u"), Default(map[string]int{"a": 1}))
	if !errors.Is(err, ErrFlagNotFound) || errors.Is(err, ErrTypeMismatch) || missing.Found ||
		string(missing.Value) != `{"a":1}` || missing.Reason != ReasonError || missing.Code.String() != "FLAG_NOT_FOUND" {
		t.Errorf("%+v, %v", missing, err)
	}
	var target struct{ A int }
	if err := missing.Decode(&target); err != nil || target.A != 1 {
		t.Errorf("%+v, %v", target, err)
	}
	var text string
	if err := missing.Decode(&text); !errors.Is(err, ErrTypeMismatch) {
		t.Error(err)
	}
	nothing, _ := client.Evaluate("missing", NewUser("u"))
	if nothing.Value != nil || nothing.Decode(&text) == nil {
		t.Errorf("%+v", nothing)
	}
	document, _ = json.Marshal(nothing)
	if !strings.Contains(string(document), `"value":null`) || !strings.Contains(string(document), `"variation":null`) {
		t.Errorf("%s", document)
	}
	if _, err := client.Evaluate("colour", nil, Default(func() {})); !errors.Is(err, ErrInvalidJSON) {
		t.Error(err)
	}
}

func TestTheTextsOfADecisionDoNotChangeWithTheNextOne(t *testing.T) {
	client := exampleClient(t, nil)
	user := NewUser("u").Set("plan", "pro")
	kept, _ := client.Evaluate("colour", user)
	before, _ := json.Marshal(kept)
	kept.Value = append(kept.Value, "and more"...)[:len(kept.Value)]
	for range 100 {
		client.Evaluate("layout", user)
		client.Evaluate("missing", user, Default(strings.Repeat("x", 300)))
	}
	if after, _ := json.Marshal(kept); string(after) != string(before) {
		t.Errorf("%s became %s", before, after)
	}
}

func TestAnExplanationNamesTheSteps(t *testing.T) {
	client := exampleClient(t, nil)
	text, err := client.Explain("new-checkout", NewUser("u").Set("plan", "pro"))
	var explanation struct {
		Flag     string
		Decision struct{ Reason string }
		Steps    []json.RawMessage
	}
	if err != nil || json.Unmarshal(text, &explanation) != nil || explanation.Flag != "new-checkout" ||
		explanation.Decision.Reason != "RULE_MATCH" || len(explanation.Steps) == 0 {
		t.Errorf("%s, %v", text, err)
	}
	if _, err := client.Explain("\xff", nil); !errors.Is(err, ErrInvalidUTF8) {
		t.Error(err)
	}
}

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

func TestAClientThatWasNotMadeAnswersFallbacksToo(t *testing.T) {
	var client Client
	user := NewUser("u")
	if !client.Bool("f", user, true) || client.Text("f", user, "x") != "x" || client.Close() != nil {
		t.Error("the zero client")
	}
	if _, err := client.Evaluate("f", user); !errors.Is(err, ErrInvalidArgument) {
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
