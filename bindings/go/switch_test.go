package flagstay

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

// Flags that are decided in all the ways there are. Half of all users are in the rollout, and all who are kept are on.
const switchRuleset = `{"format": 1, "flags": {
	"on": {"on": true, "variations": {"on": true, "off": false}, "off": "off", "default": "on"},
	"off": {"on": false, "variations": {"on": true, "off": false}, "off": "off", "default": "on"},
	"rollout": {"on": true, "variations": {"on": true, "off": false}, "off": "off",
		"default": {"split": {"weights": [{"variation": "on", "percent": 50}, {"variation": "off", "percent": 50}]}}},
	"kept": {"on": true, "variations": {"on": true, "off": false}, "off": "off",
		"default": {"id": "all", "split": {"weights": [{"variation": "on", "percent": 100}, {"variation": "off", "percent": 0}],
			"sticky": true}}},
	"rules": {"on": true, "variations": {"on": true, "off": false}, "off": "off",
		"targets": [{"values": ["user-3"], "serve": "off"}],
		"rules": [{"id": "staff", "if": {"attribute": "plan", "one_of": ["pro"]}, "serve": "on"}],
		"default": "off"},
	"text": {"on": true, "variations": {"a": "a"}, "off": "a", "default": "a"},
	"nul\u0000": {"on": true, "variations": {"on": true}, "off": "on", "default": "on"}
}}`

// The same with nobody new being kept on.
var turnedSwitchRuleset = strings.Replace(strings.Replace(switchRuleset, `"on", "percent": 100`, `"on", "percent": 0`, 1),
	`"off", "percent": 0`, `"off", "percent": 100`, 1)

func switchClient(t testing.TB, config Config) *Client {
	t.Helper()
	config.Ruleset = json.RawMessage(switchRuleset)
	return newClient(t, config)
}

func prepare(t testing.TB, client *Client, flag string, fallback bool) *Switch {
	t.Helper()
	prepared, err := client.PrepareSwitch(flag, fallback)
	if err != nil {
		t.Fatal(err)
	}
	return prepared
}

func TestAPreparedSwitchAnswersWhatBoolAnswers(t *testing.T) {
	users := map[string]*User{
		"nobody": nil, "no key": nil, "the empty key": NewUser(""), "broken": NewUser("u").Set("a\xff", 1), "no text": NewUser("\xff"),
	}
	users["no key"], _ = UserFromJSON([]byte(`{"attributes": {"plan": "pro"}}`))
	for n := range paced(200, 200, 3) {
		name := fmt.Sprintf("user-%d", n)
		users[name] = NewUser(name).Set("plan", []string{"pro", "free"}[n%2])
	}
	for name, client := range map[string]*Client{
		"plain": switchClient(t, Config{}), "memory": switchClient(t, Config{Store: "memory:"}),
		"Go store": switchClient(t, Config{CustomStore: newMapStore()}), "no ruleset": newClient(t, Config{}),
		"exposures": switchClient(t, Config{Events: EventsConfig{Exposures: true}}),
	} {
		for _, flag := range []string{"on", "off", "rollout", "kept", "rules", "text", "nul\x00", "missing", ""} {
			answers := map[bool]int{}
			for _, fallback := range []bool{false, true} {
				prepared := prepare(t, client, flag, fallback)
				for of, user := range users {
					wanted := client.Bool(flag, user, fallback)
					// What is asked first may be decided in another way than what is asked again.
					if first, again := prepared.On(user), prepared.On(user); first != wanted || again != wanted {
						t.Fatalf("%s: %s for %s: %v and %v, not %v", name, flag, of, first, again, wanted)
					}
					answers[wanted]++
				}
			}
			if flag == "rollout" && (answers[true] == 0 || answers[false] == 0) {
				t.Errorf("%s: all alike", name)
			}
		}
	}
}

func TestAPreparedSwitchFollowsItsClientsRulesets(t *testing.T) {
	client := newClient(t, Config{})
	user := NewUser("u")
	off, on := prepare(t, client, "on", false), prepare(t, client, "on", true)
	for _, step := range []struct {
		document      string
		wanted, other bool
	}{
		{"", false, true},
		{switchRuleset, true, true},
		{strings.Replace(switchRuleset, `"default": "on"`, `"default": "off"`, 1), false, false},
		{`{"format": 1, "flags": {}}`, false, true},
		{strings.Replace(strings.Replace(switchRuleset, `"on":`, `"was on":`, 1), `"text":`, `"on":`, 1), false, true},
		{switchRuleset, true, true},
	} {
		if step.document != "" {
			if err := client.Update([]byte(step.document)); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			if off.On(user) != step.wanted || on.On(user) != step.other {
				t.Errorf("%v and %v after %.40s", off.On(user), on.On(user), step.document)
			}
		}
	}
}

func TestASwitchThatCannotBePreparedIsAnErrorThatSaysWhy(t *testing.T) {
	client := switchClient(t, Config{})
	if made, err := client.PrepareSwitch("a\xff", true); made != nil || !errors.Is(err, ErrInvalidUTF8) || !strings.Contains(err.Error(), "flag") {
		t.Errorf("%v, %v", made, err)
	}
	if made, err := new(Client).PrepareSwitch("on", true); made != nil || !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), "client") {
		t.Errorf("%v, %v", made, err)
	}
	var zero Switch
	if zero.On(NewUser("u")) || zero.Close() != nil {
		t.Error("a switch that was not prepared")
	}
}

func TestAPreparedSwitchKeepsUsersWhereTheyWerePut(t *testing.T) {
	for name, config := range map[string]Config{
		"memory": {Store: "memory:"}, "sqlite": {Store: "sqlite:" + t.TempDir() + "/assignments.db"},
		"plain": {CustomStore: newMapStore()}, "everything": {CustomStore: &listingStore{mapStore: newMapStore()}},
	} {
		client := switchClient(t, config)
		kept, before, after := prepare(t, client, "kept", false), NewUser("before"), NewUser("after")
		if !kept.On(before) {
			t.Errorf("%s: not enrolled", name)
		}
		if err := client.Update([]byte(turnedSwitchRuleset)); err != nil {
			t.Fatal(err)
		}
		if !kept.On(before) || kept.On(after) || !kept.On(before) {
			t.Errorf("%s: not kept", name)
		}
		if record, found, err := client.Peek("before", "kept"); err != nil || !found || !strings.Contains(string(record), `"on"`) {
			t.Errorf("%s: %s, %v, %v", name, record, found, err)
		}
	}
}

func TestAPreparedSwitchQueuesTheExposuresThatBoolQueues(t *testing.T) {
	client := switchClient(t, Config{Events: EventsConfig{Exposures: true}})
	prepared, user := prepare(t, client, "rollout", false), NewUser("u")
	for round := range 3 {
		client.Bool("rollout", user, false)
		wanted, err := client.DrainEvents(10)
		if err != nil || len(wanted) != 1 {
			t.Fatal(wanted, err)
		}
		prepared.On(user)
		if found, err := client.DrainEvents(10); err != nil || len(found) != 1 || !strings.Contains(string(found[0]), "rollout") {
			t.Errorf("round %d: %s, not %s, %v", round, found, wanted, err)
		}
	}
}

func TestAPreparedSwitchDecidesWhateverItsStoreDoes(t *testing.T) {
	for name, wrong := range misbehaviours {
		store := newMapStore()
		store.onGet = func(string, string) (json.RawMessage, error) { return nil, wrong.act() }
		client := switchClient(t, Config{CustomStore: store})
		prepared, user := prepare(t, client, "kept", false), NewUser("u")
		rounds := paced(20, 20, 3)
		for range rounds {
			if !prepared.On(user) {
				t.Fatalf("%s: no decision", name)
			}
		}
		if status, err := client.Status(); err != nil || status.Store.Failures != uint64(rounds) {
			t.Errorf("%s: %+v, %v", name, status.Store, err)
		}
	}
}

func TestAPreparedSwitchAsksTheCountryResolver(t *testing.T) {
	var asked atomic.Int64
	client := statsigClient(t, Config{CountryResolver: func(string) (string, error) { asked.Add(1); return "DE", nil }})
	prepared, user := prepare(t, client, "dach", false), NewUser("in").Set("ip", "192.0.2.7")
	if !prepared.On(user) || !prepared.On(user) || asked.Load() != 2 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestAPreparedSwitchAllocatesNothing(t *testing.T) {
	user := NewUser("u")
	for name, client := range map[string]*Client{
		"plain": switchClient(t, Config{}), "Go store": switchClient(t, Config{CustomStore: newMapStore()}),
	} {
		for _, flag := range []string{"rollout", "rules", "missing"} {
			prepared := prepare(t, client, flag, false)
			if count := testing.AllocsPerRun(1000, func() { prepared.On(user) }); count != 0 {
				t.Errorf("%s, %s: %v", name, flag, count)
			}
		}
	}
}
