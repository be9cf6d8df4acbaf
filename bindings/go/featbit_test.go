package flagstay_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/flagstay/flagstay-go"
)

// featbitMessage is all data of an environment, as its server answers it.
func featbitMessage(version int, enabled bool) string {
	flag := func(key, kind, rules, first, second string) string {
		return fmt.Sprintf(`{"id": %[1]q, "key": %[1]q, "name": %[1]q, "variationType": %[2]q, "isEnabled": %[3]t, "isArchived": false,
			"variations": [{"id": "1", "value": %[5]q}, {"id": "2", "value": %[6]q}], "disabledVariationId": "2", "targetUsers": [],
			"rules": [%[4]s], "fallthrough": {"dispatchKey": null, "includedInExpt": true,
				"variations": [{"id": "1", "rollout": [0, 1], "exptRollout": 1}]},
			"exptIncludeAllTargets": false, "updatedAt": "2023-11-14T22:13:%02[7]dZ"}`, key, kind, enabled, rules, first, second, version)
	}
	pro := `{"conditions": [{"property": "plan", "op": "Equal", "value": "pro"}], "includedInExpt": true, "dispatchKey": null,
		"variations": [{"id": "2", "rollout": [0, 1], "exptRollout": 1}]}`
	return `{"messageType": "data-sync", "data": {"eventType": "full", "segments": [], "featureFlags": [` + strings.Join([]string{
		flag("one-click", "boolean", "", "true", "false"),
		flag("page-size", "number", pro, "10", "25"),
		flag("theme", "json", "", `{"dark": true}`, "{}"),
	}, ",") + `]}}`
}

// featbitServer is an evaluation server with two versions of its flags, that fails every other post.
type featbitServer struct {
	fetched, posted int
	batches         [][]json.RawMessage
	broken          bool
}

func (s *featbitServer) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	switch {
	case request.Header.Get("Authorization") != "the secret":
		w.WriteHeader(http.StatusUnauthorized)
	case request.Method == http.MethodGet && request.URL.Path == "/api/public/sdk/server/latest-all":
		s.fetched++
		io.WriteString(w, featbitMessage(10+s.fetched/3, s.fetched < 3))
	case request.Method == http.MethodPost && request.URL.Path == "/api/public/insight/track":
		if s.posted++; s.broken || s.posted%2 == 1 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		var batch []json.RawMessage
		if json.Unmarshal(body, &batch) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.batches = append(s.batches, batch)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func featbitClient(t *testing.T) *flagstay.Client {
	t.Helper()
	client, err := flagstay.New(flagstay.Config{Dialect: "featbit", Events: flagstay.EventsConfig{Exposures: true},
		Options: map[string]any{"defaults": map[string]any{"not-there": "from the options"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestAFeatBitEnvironmentIsPolledAndItsEventsDelivered(t *testing.T) {
	server := &featbitServer{}
	listening := httptest.NewServer(server)
	defer listening.Close()
	environment := Environment{URL: listening.URL, Secret: "the secret"}
	client := featbitClient(t)
	ann := flagstay.NewUser("ann").Set("name", "Ann").Set("plan", "pro")
	if _, err := client.Evaluate("one-click", ann); !errors.Is(err, flagstay.ErrNotReady) {
		t.Error(err)
	}
	for range 2 { // the second brings nothing new
		if err := environment.Update(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	status, err := client.Status()
	if err != nil || status.State != "READY" || status.Updates.Loaded != 1 || status.Updates.Unchanged != 1 {
		t.Errorf("%+v, %v", status, err)
	}
	if !client.Bool("one-click", ann, false) || client.Number("page-size", ann, 0) != 25 ||
		string(client.JSON("theme", ann, nil)) != `{"dark":true}` || client.Text("not-there", ann, "own") != "from the options" {
		t.Error("another decision")
	}
	nameless := flagstay.NewUser("bob")
	if _, err := client.Evaluate("one-click", nameless); !errors.Is(err, flagstay.ErrInvalidContext) {
		t.Errorf("a user without a name: %v", err)
	}
	all, err := client.All(ann)
	if err != nil || all.Len() != 3 {
		t.Fatal(all, err)
	}
	var keys []string
	for key, decision := range all.Each() {
		keys = append(keys, key)
		if key == "theme" {
			if err := all.Expose(decision); err != nil {
				t.Error(err)
			}
		}
	}
	detailed, err := client.Evaluate("page-size", ann, flagstay.ReadOnly(), flagstay.WithDetails())
	if reason := flagstay.Detail(detailed, "reason", ""); err != nil || reason != "rule match" {
		t.Errorf("%q, %v", reason, err)
	}
	if order := strings.Join(keys, " "); order != "one-click page-size theme" {
		t.Error(order)
	}
	all.Get("page-size")
	if _, err := client.Track("$identify", ann, flagstay.TrackOptions{}); err != nil {
		t.Error(err)
	}
	for range 50 {
		if accepted, err := client.Track("purchase", ann, flagstay.TrackOptions{Value: 9.5}); err != nil || !accepted {
			t.Fatal(accepted, err)
		}
	}
	if err := environment.Deliver(t.Context(), client); err != nil {
		t.Error(err)
	}
	// Three decisions, two of all, one user, fifty purchases; every first attempt has failed.
	if server.posted != 4 || len(server.batches) != 2 || len(server.batches[0]) != 50 || len(server.batches[1]) != 6 {
		t.Fatalf("%d posts, %s", server.posted, server.batches)
	}
	for n, said := range []string{`"one-click"`, `"page-size"`, `"theme"`, `"theme"`, `"page-size"`, `"Ann"`, `"purchase"`} {
		if event := string(server.batches[0][n]); !strings.Contains(event, said) || !strings.Contains(event, `"keyId":"ann"`) {
			t.Errorf("event %d: %s", n, event)
		}
	}

	if err := environment.Update(t.Context(), client); err != nil || client.Bool("one-click", ann, true) {
		t.Errorf("the flags were switched off: %v", err)
	}
	server.broken = true
	if err := environment.Deliver(t.Context(), client); err == nil || !strings.Contains(err.Error(), "1 events are lost") {
		t.Error(err)
	}
	if err := (Environment{URL: listening.URL, Secret: "another"}).Update(t.Context(), client); err == nil || !strings.Contains(err.Error(), "401") {
		t.Error(err)
	}
}

func TestDefaultsOfTheOptionsGoBeforeTheCallers(t *testing.T) {
	client, err := flagstay.New(flagstay.Config{Dialect: "featbit", Options: map[string]any{"defaults": map[string]any{
		"switch": true, "number": 5, "text": "grey", "list": []int{1}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	user := flagstay.NewUser("ann").Set("name", "Ann")
	if !client.Bool("switch", user, false) || client.Number("number", user, 1) != 5 || client.Text("text", user, "own") != "grey" ||
		string(client.JSON("list", user, nil)) != "[1]" {
		t.Error("the caller's went first")
	}
	list, err := flagstay.Value(client, "list", user, []int{7})
	if len(list) != 1 || list[0] != 1 || !errors.Is(err, flagstay.ErrNotReady) {
		t.Errorf("%v, %v", list, err)
	}
	if client.Number("text", user, 1) != 1 || client.Text("number", user, "own") != "own" || !client.Bool("missing", user, true) ||
		string(client.JSON("list", user, json.RawMessage("{}"))) != "{}" || client.JSON("missing", user, nil) != nil {
		t.Error("one of another type was answered")
	}
	if object, err := flagstay.Value(client, "list", user, map[string]int{"a": 7}); object["a"] != 7 || !errors.Is(err, flagstay.ErrNotReady) {
		t.Errorf("%v, %v", object, err)
	}
	decision, err := client.Evaluate("number", user, flagstay.Default(1))
	if string(decision.Value) != "5" || !errors.Is(err, flagstay.ErrNotReady) {
		t.Errorf("%+v, %v", decision, err)
	}
}

func TestAFeatureflagCoMessageIsARuleset(t *testing.T) {
	secret := "ZGVtby0wMDAwLTElMjAyMDI0MDEwMTAwMDAwMF9fMTFfXzIyX18zM19fZGVmYXVsdF8wYTFiMg=="
	client, err := flagstay.New(flagstay.Config{Dialect: "featureflag-co", Options: map[string]any{"env_secret": secret},
		Events: flagstay.EventsConfig{Exposures: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	message := `{"messageType": "data-sync", "data": {"eventType": "full", "userTags": [], "segments": [], "featureFlags": [
		{"_id": "FF__11__22__33__payments", "id": "FF__11__22__33__payments", "environmentId": "33", "isArchived": false,
		"ff": {"id": "FF__11__22__33__payments", "name": "payments", "type": 1, "keyName": "payments", "environmentId": "33",
			"status": "Enabled", "isDefaultRulePercentageRolloutsIncludedInExpt": null, "defaultRulePercentageRollouts": [
			{"exptRollout": null, "rolloutPercentage": [0, 1], "valueOption": {"localId": 1, "displayOrder": 1, "variationValue": "on"}}],
			"variationOptionWhenDisabled": {"localId": 2, "displayOrder": 2, "variationValue": "off"}},
		"ffp": [], "fftuwmtr": [], "targetIndividuals": [], "variationOptions": [], "exptIncludeAllRules": null, "timestamp": 1700000000000}]}}`
	if err := client.Update([]byte(message)); err != nil {
		t.Fatal(err)
	}
	ann := flagstay.NewUser("ann")
	if !client.Bool("payments", ann, false) || client.Text("payments", ann, "") != "on" {
		t.Error("another decision")
	}
	if decision, err := client.Evaluate("payments", ann); err != nil || !decision.Enabled || decision.VariationID != "1" {
		t.Errorf("%+v, %v", decision, err)
	}
	if accepted, err := client.Track("refund", ann, flagstay.TrackOptions{Value: -1}); err != nil || accepted {
		t.Errorf("a value that the platform refuses: %v, %v", accepted, err)
	}
	if events, err := client.DrainEvents(10); err != nil || len(events) != 3 {
		t.Errorf("%s, %v", events, err)
	}
}
