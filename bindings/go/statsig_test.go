package flagstay

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// statsigRules is a document with an experiment, a layer that delegates to it, a gate and a config of one name, and a
// gate that asks for a country. The first buckets of the experiment's users are those of the group named first; `rules`
// go before its groups.
func statsigRules(active bool, first, second, rules string) []byte {
	return fmt.Appendf(nil, `{"has_updates": true, "time": 1700000000123, "experiment_to_layer": {"prices": "checkout"},
		"condition_map": {
			"all": {"type": "public", "idType": "userID"},
			"pro": {"type": "user_field", "targetValue": ["pro"], "operator": "any", "field": "plan", "idType": "userID"},
			"dach": {"type": "ip_based", "targetValue": ["DE", "AT", "CH"], "operator": "any", "field": "country", "idType": "userID"}},
		"feature_gates": {
			"limits": {"type": "feature_gate", "salt": "s", "enabled": true, "defaultValue": false, "idType": "userID", "entity": "feature_gate",
				"rules": [{"name": "", "id": "gate-rule", "passPercentage": 100, "conditions": ["all"], "returnValue": true, "idType": "userID"}]},
			"dach": {"type": "feature_gate", "salt": "s", "enabled": true, "defaultValue": false, "idType": "userID", "entity": "feature_gate",
				"rules": [{"name": "", "id": "dach", "passPercentage": 100, "conditions": ["dach"], "returnValue": true, "idType": "userID"}]}},
		"dynamic_configs": {
			"limits": {"type": "dynamic_config", "salt": "s", "enabled": true, "defaultValue": {"max": 10}, "idType": "userID",
				"entity": "dynamic_config", "rules": []},
			"prices": {"type": "dynamic_config", "salt": "s", "enabled": true, "isActive": %[1]t, "defaultValue": {"price": 0},
				"idType": "companyID", "entity": "experiment", "version": 12, "explicitParameters": ["price"], "rules": [%[4]s
				{"name": "", "id": %[2]q, "groupName": %[2]q, "isExperimentGroup": true, "passPercentage": 100, "conditions": ["all"],
					"returnValue": {"price": 7, "group": %[2]q}, "idType": "companyID"},
				{"name": "", "id": %[3]q, "groupName": %[3]q, "isExperimentGroup": true, "passPercentage": 100, "conditions": ["all"],
					"returnValue": {"price": 9, "group": %[3]q}, "idType": "companyID"}]}},
		"layer_configs": {"checkout": {"type": "dynamic_config", "salt": "s", "enabled": true, "defaultValue": {"price": 1}, "idType": "companyID",
			"entity": "layer", "rules": [{"name": "", "id": "alloc", "passPercentage": 100, "conditions": ["all"], "returnValue": {"price": 1},
			"idType": "companyID", "configDelegate": "prices"}]}}}`, active, first, second, rules)
}

const (
	targetsPro = `{"name": "", "id": "inlineTargetingRules", "passPercentage": 100, "conditions": ["pro"], "returnValue": {"price": 1},
		"idType": "companyID"},`
	overridesPro = `{"name": "", "id": "pro:override", "passPercentage": 100, "conditions": ["pro"], "returnValue": {"price": 2},
		"idType": "companyID"},`
)

// mapStorage is a persistent storage as an application has it.
type mapStorage[Record any] map[string]map[string]Record

func (s mapStorage[Record]) Load(key string) (map[string]Record, error) { return s[key], nil }

func (s mapStorage[Record]) Save(key, configName string, record Record) error {
	if s[key] == nil {
		s[key] = map[string]Record{}
	}
	s[key][configName] = record
	return nil
}

func (s mapStorage[Record]) Delete(key, configName string) error {
	delete(s[key], configName)
	return nil
}

// sdkRecord is a record as an SDK with types has it, which need not know every member.
type sdkRecord struct {
	Value              bool             `json:"value"`
	JSONValue          map[string]any   `json:"json_value"`
	RuleID             string           `json:"rule_id"`
	GroupName          string           `json:"group_name"`
	SecondaryExposures []map[string]any `json:"secondary_exposures"`
	Undelegated        []map[string]any `json:"undelegated_secondary_exposures"`
	ConfigDelegate     string           `json:"config_delegate,omitempty"`
	ExplicitParameters []string         `json:"explicit_parameters,omitempty"`
	Time               int64            `json:"time"`
}

func statsigClient(t *testing.T, config Config) *Client {
	t.Helper()
	config.Dialect = "statsig"
	if config.Ruleset == nil {
		config.Ruleset = statsigRules(true, "Control", "Test", "")
	}
	return newClient(t, config)
}

// ask asks for an experiment as the SDK's callers do: with what is stored for the user's company.
func ask(t *testing.T, client *Client, kind Kind, flag string, user *User, options ...Option) Decision {
	t.Helper()
	held, err := client.LoadAssignments(user, "companyID")
	if err != nil || held.Err() != nil {
		t.Fatal(err, held.Err())
	}
	decision, err := client.Evaluate(flag, user, append(options, OfKind(kind), WithAssignments(held))...)
	if err != nil || decision.StoreError != "" || decision.Kind != kind {
		t.Errorf("%+v, %v", decision, err)
	}
	return decision
}

func keepsItsGroup[Record any](t *testing.T, storage mapStorage[Record]) {
	client := statsigClient(t, Config{CustomStore: SavedStore[Record]{storage}})
	ann := NewUser("ann").SetID("companyID", "c-1")
	for _, question := range []struct {
		kind Kind
		flag string
	}{{KindExperiment, "prices"}, {KindLayer, "checkout"}} {
		if err := client.Update(statsigRules(true, "Control", "Test", "")); err != nil {
			t.Fatal(err)
		}
		first := ask(t, client, question.kind, question.flag, ann)
		if first.Variation != "Control" || first.Sticky || Variable(first, "price", 0) != 7 {
			t.Errorf("%s: %+v", question.flag, first)
		}
		// The groups change places, and everybody new is in the other one.
		if err := client.Update(statsigRules(true, "Test", "Control", "")); err != nil {
			t.Fatal(err)
		}
		again := ask(t, client, question.kind, question.flag, ann)
		if again.Variation != "Control" || !again.Sticky || again.Reason != ReasonSticky || Variable(again, "price", 0) != 7 {
			t.Errorf("%s: %+v", question.flag, again)
		}
		if other := ask(t, client, question.kind, question.flag, NewUser("bob").SetID("companyID", "c-2")); other.Variation != "Test" {
			t.Errorf("%s: %+v", question.flag, other)
		}
	}
	if names := slices.Sorted(maps.Keys(storage["c-1:companyID"])); !slices.Equal(names, []string{"checkout", "prices"}) {
		t.Errorf("%v", storage)
	}
	record, found, err := client.Peek("c-1:companyID", "prices")
	if err != nil || !found || !strings.Contains(string(record), `"Control"`) {
		t.Errorf("%s, %v", record, err)
	}
	if removed, err := client.Forget("c-1:companyID"); err != nil || removed != 2 || len(storage["c-1:companyID"]) != 0 {
		t.Errorf("%d, %v, %v", removed, err, storage)
	}
}

func TestAUserOfAPersistentStorageKeepsTheirGroup(t *testing.T) {
	t.Run("maps", func(t *testing.T) { keepsItsGroup(t, mapStorage[map[string]any]{}) })
	t.Run("texts", func(t *testing.T) { keepsItsGroup(t, mapStorage[json.RawMessage]{}) })
	t.Run("an SDK's type", func(t *testing.T) { keepsItsGroup(t, mapStorage[sdkRecord]{}) })
}

func TestARecordIsWrittenInStatsigsShape(t *testing.T) {
	storage := mapStorage[map[string]any]{}
	client := statsigClient(t, Config{CustomStore: SavedStore[map[string]any]{storage}})
	ask(t, client, KindLayer, "checkout", NewUser("ann").SetID("companyID", "c-1"))
	wanted := map[string]any{"value": true, "json_value": map[string]any{"price": 7.0, "group": "Control"}, "rule_id": "Control",
		"group_name": "Control", "secondary_exposures": []any{}, "undelegated_secondary_exposures": []any{}, "config_delegate": "prices",
		"explicit_parameters": []any{"price"}, "time": 1700000000123.0, "config_version": 12.0}
	if record := storage["c-1:companyID"]["checkout"]; record["config_version"] == nil || record["rule_id"] != "Control" ||
		!reflect.DeepEqual(record["json_value"], wanted["json_value"]) || record["config_delegate"] != "prices" ||
		!slices.Equal(slices.Sorted(maps.Keys(record)), slices.Sorted(maps.Keys(wanted))) || record["time"] != wanted["time"] {
		t.Errorf("%v", record)
	}
}

func TestTheThreeWaysOfPassingAssignmentsDiffer(t *testing.T) {
	storage := mapStorage[json.RawMessage]{}
	client := statsigClient(t, Config{CustomStore: SavedStore[json.RawMessage]{storage}})
	ann := NewUser("ann").SetID("companyID", "c-1")
	stored := func() int { return len(storage["c-1:companyID"]) }

	held, err := client.LoadAssignments(ann, "companyID")
	if err != nil {
		t.Fatal(err)
	}
	client.Evaluate("prices", ann, OfKind(KindExperiment), WithAssignments(held))
	if stored() != 1 {
		t.Errorf("assignments without the flag enrol: %v", storage)
	}
	// The assignments are as they were when they were loaded.
	if records, err := held.Records(); err != nil || len(records) != 0 {
		t.Errorf("%s, %v", records, err)
	}
	client.Evaluate("prices", ann, OfKind(KindExperiment), ReadOnly())
	if stored() != 0 {
		t.Errorf("no assignments remove: %v", storage)
	}
	own, err := NewAssignments(map[string]json.RawMessage{"prices": json.RawMessage(`{"value": true, "group_name": "Old",
		"json_value": {"price": 3}, "secondary_exposures": []}`)})
	if err != nil {
		t.Fatal(err)
	}
	decision, err := client.Evaluate("prices", ann, OfKind(KindExperiment), WithAssignments(own))
	if err != nil || decision.Variation != "Old" || !decision.Sticky || Variable(decision, "price", 0) != 3 {
		t.Errorf("%+v, %v", decision, err)
	}
	// Who has no company has no assignments, and is decided for by the rules.
	bob := NewUser("bob")
	none, err := client.LoadAssignments(bob, "companyID")
	if none != nil || err != nil {
		t.Error(none, err)
	}
	if decision, err := client.Evaluate("prices", bob, OfKind(KindExperiment), WithAssignments(own)); err != nil || decision.Sticky {
		t.Errorf("%+v, %v", decision, err)
	}
}

func TestAPersistentStorageThatFailsLeavesTheRulesAndTheRecordsAlone(t *testing.T) {
	broken := newMapStore()
	broken.onGet = func(string, string) (json.RawMessage, error) { return nil, errors.New("the network is down") }
	written := 0
	broken.onSet = func(string, string, json.RawMessage) error { written++; return nil }
	broken.onRemove = func(string, string) error { written++; return nil }
	client := statsigClient(t, Config{CustomStore: broken})
	ann := NewUser("ann").SetID("companyID", "c-1")
	held, err := client.LoadAssignments(ann, "companyID")
	if err != nil || !errors.Is(held.Err(), ErrStore) || !strings.Contains(held.Err().Error(), "the network is down") {
		t.Fatal(err, held.Err())
	}
	decision, err := client.Evaluate("prices", ann, OfKind(KindExperiment), WithAssignments(held))
	if err != nil || decision.Variation != "Control" || decision.Sticky || !strings.Contains(decision.StoreError, "the network is down") {
		t.Errorf("%+v, %v", decision, err)
	}
	if written != 0 {
		t.Errorf("%d records were written or removed", written)
	}
}

func TestEnforcingDropsWhoWouldBeDecidedForOtherwise(t *testing.T) {
	storage := mapStorage[json.RawMessage]{}
	client := statsigClient(t, Config{CustomStore: SavedStore[json.RawMessage]{storage}})
	ann := NewUser("ann").SetID("companyID", "c-1").Set("plan", "pro")
	ask(t, client, KindExperiment, "prices", ann)
	for _, rules := range []string{targetsPro, overridesPro} {
		if err := client.Update(statsigRules(true, "Control", "Test", rules)); err != nil {
			t.Fatal(err)
		}
		for _, question := range []struct {
			options []Option
			kept    bool
		}{
			{nil, true}, {[]Option{EnforceTargeting()}, rules != targetsPro}, {[]Option{EnforceOverrides()}, rules != overridesPro},
			{[]Option{EnforceTargeting(), EnforceOverrides()}, false},
		} {
			if decision := ask(t, client, KindExperiment, "prices", ann, question.options...); decision.Sticky != question.kept {
				t.Errorf("%s %+v: %+v", rules, question.options, decision)
			}
		}
	}
}

func TestAKindTellsFlagsOfOneNameApart(t *testing.T) {
	client := statsigClient(t, Config{})
	user := NewUser("u")
	gate, err := client.Evaluate("limits", user, OfKind(KindGate), WithDetails())
	if on, ok := gate.Bool(); err != nil || !on || !ok || gate.Kind != KindGate || gate.RuleID != "gate-rule" {
		t.Errorf("%+v, %v", gate, err)
	}
	config, err := client.Evaluate("limits", user, OfKind(KindConfig))
	if err != nil || config.Kind != KindConfig || Variable(config, "max", 0) != 10 || config.Details != nil {
		t.Errorf("%+v, %v", config, err)
	}
	if Detail(gate, "rule_id", "") != "gate-rule" || Detail(gate, "id_type", "") != "userID" {
		t.Errorf("%s", gate.Details)
	}
	if !client.Bool("limits", user, false) {
		t.Error("a gate is a switch")
	}
	all, err := client.All(user)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []Kind{KindConfig, KindGate} {
		if decision, err := all.GetKind(kind, "limits"); err != nil || decision.Kind != kind || decision.Flag != "limits" {
			t.Errorf("%s: %+v, %v", kind, decision, err)
		}
	}
	if _, err := all.GetKind(KindLayer, "limits"); !errors.Is(err, ErrFlagNotFound) {
		t.Error(err)
	}
	if _, err := all.GetKind("segment", "limits"); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	kinds := map[Kind]int{}
	for flag, decision := range all.Each() {
		if flag == "limits" {
			kinds[decision.Kind]++
		}
	}
	if !reflect.DeepEqual(kinds, map[Kind]int{KindGate: 1, KindConfig: 1}) {
		t.Errorf("%v", kinds)
	}
}

func TestOverridesAnswerInPlaceOfTheRules(t *testing.T) {
	client := statsigClient(t, Config{})
	ann, bob := NewUser("ann").SetID("companyID", "c-1"), NewUser("bob")
	price := func(user *User) int {
		decision, err := client.Evaluate("prices", user, OfKind(KindExperiment))
		if err != nil {
			t.Error(err)
		}
		return Variable(decision, "price", 0)
	}
	expect := func(what string, err error, forAnn, forBob int) {
		t.Helper()
		if err != nil || price(ann) != forAnn || price(bob) != forBob {
			t.Errorf("%s: %d, %d, %v", what, price(ann), price(bob), err)
		}
	}
	expect("nothing", nil, 7, 7)
	expect("everybody", client.Override(KindExperiment, "prices", map[string]int{"price": 1}), 1, 1)
	expect("a company", client.Override(KindExperiment, "prices", map[string]int{"price": 2}, ForID("c-1")), 2, 1)
	expect("an empty id", client.Override(KindExperiment, "prices", map[string]int{"price": 3}, ForID("")), 2, 1)
	if status, err := client.Status(); err != nil || status.Overrides != 3 {
		t.Errorf("%+v, %v", status, err)
	}
	expect("the empty id again", client.RemoveOverride(KindExperiment, "prices", ForID("")), 2, 1)
	expect("a group, for two ids", client.OverrideGroup("prices", "Test", ForID("ann"), ForID("bob")), 9, 9)
	expect("no group for one", client.RemoveOverride(KindExperiment, "prices", ForID("ann"), ForID("nobody")), 2, 9)
	expect("no override of the flag", client.RemoveOverride(KindExperiment, "prices"), 7, 7)
	expect("a group", client.OverrideGroup("prices", "Test"), 9, 9)
	expect("cleared", client.ClearOverrides(), 7, 7)
	expect("a new gate", client.Override(KindGate, "brand-new", true, ForID("ann")), 7, 7)
	if !client.Bool("brand-new", ann, false) || client.Bool("brand-new", bob, false) {
		t.Error("a flag that the ruleset does not have")
	}
	client.Close()
	if err := client.Override(KindGate, "brand-new", true); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestACountryResolverIsAskedForUsersWithoutACountry(t *testing.T) {
	german := netip.MustParsePrefix("192.0.2.0/24")
	var asked atomic.Int64
	client := statsigClient(t, Config{CountryResolver: func(ip string) (string, error) {
		asked.Add(1)
		address, err := netip.ParseAddr(ip)
		if err != nil || !german.Contains(address) {
			return "", err
		}
		return "DE", nil
	}})
	in, out := NewUser("in").Set("ip", "192.0.2.7"), NewUser("out").Set("ip", "198.51.100.7")
	if !client.Bool("dach", in, false) || client.Bool("dach", out, true) || asked.Load() != 2 {
		t.Errorf("asked %d times", asked.Load())
	}
	if !client.Bool("dach", NewUser("said").Set("ip", "198.51.100.7").Set("country", "AT"), false) || asked.Load() != 2 {
		t.Errorf("asked %d times", asked.Load())
	}
	if decision, err := client.Evaluate("dach", in); err != nil || !decision.Enabled {
		t.Errorf("%+v, %v", decision, err)
	}
	if without := statsigClient(t, Config{}); without.Bool("dach", in, true) {
		t.Error("a country out of nowhere")
	}
}

func TestACountryResolverMayDoWhateverItLikes(t *testing.T) {
	user := NewUser("in").Set("ip", "192.0.2.7")
	for name, wrong := range misbehaviours {
		client := statsigClient(t, Config{CountryResolver: func(string) (string, error) { return "DE", wrong.act() }})
		rounds := paced(20, 20, 3)
		for range rounds {
			if client.Bool("dach", user, true) {
				t.Fatalf("%s: a country", name)
			}
			if decision, err := client.Evaluate("dach", user); err != nil || decision.Enabled {
				t.Fatalf("%s: %+v, %v", name, decision, err)
			}
		}
		status, err := client.Status()
		if err != nil || status.Countries.Failures != uint64(2*rounds) || !strings.Contains(strings.ToValidUTF8(status.Countries.LastError, "\uFFFD"), wrong.said) {
			t.Errorf("%s: %+v, %v", name, status.Countries, err)
		}
	}
	var client *Client
	client = statsigClient(t, Config{CountryResolver: func(string) (string, error) {
		runtime.GC()
		if client.Bool("limits", NewUser("u"), false) != true {
			t.Error("another decision inside")
		}
		return "DE", client.Close()
	}})
	if !client.Bool("dach", user, false) || client.Bool("dach", user, false) {
		t.Error("the client was to be closed by its resolver")
	}
}

func TestACountryResolverIsAskedFromManyGoroutines(t *testing.T) {
	client := statsigClient(t, Config{CountryResolver: func(ip string) (string, error) {
		if strings.HasPrefix(ip, "192.") {
			return "DE", nil
		}
		return "FR", nil
	}})
	done := make(chan bool)
	for n := range goroutines {
		go func() {
			defer func() { done <- true }()
			ip := fmt.Sprintf("%d.0.2.%d", 192+n%2, n)
			for range paced(200, 50, 2) {
				if user := NewUser("u").Set("ip", ip); client.Bool("dach", user, n%2 != 0) != (n%2 == 0) {
					t.Errorf("%s", ip)
				}
			}
		}()
	}
	for range goroutines {
		<-done
	}
}
