package flagstay_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/flagstay/flagstay-go"
)

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
