package flagstay

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// vwoSettings is a settings document: everybody is in the rollout, the experiment has this traffic and these weights.
func vwoSettings(traffic, plain, bold int) []byte {
	return fmt.Appendf(nil, `{"version": 1, "accountId": 880077, "sdkKey": "abc",
		"features": [{"id": 3, "key": "basket", "name": "Basket", "type": "FEATURE_FLAG", "status": "ON", "metrics": [], "rules": [
			{"type": "FLAG_ROLLOUT", "ruleKey": "everybody", "campaignId": 71},
			{"type": "FLAG_TESTING", "ruleKey": "looks", "campaignId": 72}]}],
		"campaigns": [
			{"id": 71, "key": "basket_everybody", "name": "Everybody", "type": "FLAG_ROLLOUT", "status": "RUNNING", "segments": {},
				"variations": [{"id": 1, "name": "Rollout", "weight": 100, "segments": {}, "variables": []}]},
			{"id": 72, "key": "basket_looks", "name": "Looks", "type": "FLAG_TESTING", "status": "RUNNING", "segments": {},
				"percentTraffic": %d, "variations": [
				{"id": 1, "name": "Plain", "weight": %d, "segments": {}, "variables": [
					{"id": 1, "key": "title", "type": "string", "value": "Basket"}]},
				{"id": 2, "name": "Bold", "weight": %d, "segments": {}, "variables": [
					{"id": 1, "key": "title", "type": "string", "value": "YOUR BASKET"},
					{"id": 2, "key": "price", "type": "double", "value": 12.5},
					{"id": 3, "key": "columns", "type": "integer", "value": 3},
					{"id": 4, "key": "rows", "type": "double", "value": 4.0},
					{"id": 5, "key": "gift", "type": "boolean", "value": true},
					{"id": 6, "key": "layout", "type": "json", "value": {"wide": true, "names": ["a"]}}]}]}]}`,
		traffic, plain, bold)
}

// What the vendor's documentation has connectors keep, and what is written today.
const (
	eightKeys = `{"featureKey": "basket", "userId": "ada", "rolloutId": 71, "rolloutKey": "basket_everybody",
		"rolloutVariationId": 1, "experimentId": 72, "experimentKey": "basket_looks", "experimentVariationId": 2}`
	tenKeys = `{"featureKey": "basket", "userId": "ada", "rolloutId": 71, "rolloutKey": "basket_everybody",
		"rolloutVariationId": 1, "experimentId": 72, "experimentKey": "basket_looks", "experimentVariationId": 2,
		"isInHoldoutId": null, "notInHoldoutId": []}`
)

// mapConnector is a storage connector as an application has it, with the vendor's two methods.
type mapConnector map[string]map[string]any

func (c mapConnector) Get(featureKey, userID string) (any, error) {
	return c[featureKey+"\n"+userID], nil // a nil map where there is none: not nil any more
}

func (c mapConnector) Set(data map[string]any) error {
	c[data["featureKey"].(string)+"\n"+data["userId"].(string)] = data
	return nil
}

func vwoClient(t *testing.T, settings []byte, connector mapConnector) *Client {
	return newClient(t, Config{Dialect: "vwo-fme", Ruleset: json.RawMessage(settings), CustomStore: ConnectorStore{connector}})
}

func TestAUserOfAVWOStoreKeepsTheStoredVariation(t *testing.T) {
	for name, record := range map[string]string{"eight keys": eightKeys, "ten keys": tenKeys} {
		var data map[string]any
		if err := json.Unmarshal([]byte(record), &data); err != nil {
			t.Fatal(err)
		}
		client := vwoClient(t, vwoSettings(100, 100, 0), mapConnector{"basket\nada": data})
		for _, settings := range [][]byte{vwoSettings(100, 100, 0), vwoSettings(0, 0, 100), vwoSettings(0, 100, 0)} {
			if err := client.Update(settings); err != nil {
				t.Fatal(err)
			}
			decision, err := client.Evaluate("basket", NewUser("ada"))
			if err != nil || decision.Variation != "Bold" || !decision.Sticky || decision.StoreError != "" {
				t.Errorf("%s: %+v, %v", name, decision, err)
			}
		}
		// Without a record the same rules say otherwise.
		other, err := client.Evaluate("basket", NewUser("grace"))
		if err != nil || other.Variation != "Rollout" || other.Sticky || other.StoreError != "" {
			t.Errorf("%s: %+v, %v", name, other, err)
		}
	}
}

func TestANewUserIsWrittenInVWOsShapeAndStays(t *testing.T) {
	connector := mapConnector{}
	client := vwoClient(t, vwoSettings(100, 0, 100), connector)
	first, err := client.Evaluate("basket", NewUser("new"))
	if err != nil || first.Variation != "Bold" || first.Sticky || first.StoreError != "" {
		t.Fatalf("%+v, %v", first, err)
	}
	record := connector["basket\nnew"]
	keys := []string{"experimentId", "experimentKey", "experimentVariationId", "featureKey", "isInHoldoutId",
		"notInHoldoutId", "rolloutId", "rolloutKey", "rolloutVariationId", "userId"}
	if written := slices.Sorted(maps.Keys(record)); !slices.Equal(written, keys) {
		t.Errorf("the record has %v", written)
	}
	if record["experimentVariationId"] != 2.0 || record["experimentKey"] != "basket_looks" || len(connector) != 1 {
		t.Errorf("%v", connector)
	}
	if err := client.Update(vwoSettings(0, 100, 0)); err != nil {
		t.Fatal(err)
	}
	again, err := client.Evaluate("basket", NewUser("new"))
	if err != nil || again.Variation != "Bold" || !again.Sticky {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := client.Forget("new"); err == nil || !strings.Contains(err.Error(), "no way to delete") {
		t.Errorf("forgotten without a deletion: %v", err)
	}
}

func TestAVariableIsAMemberOfTheValueOrTheFallback(t *testing.T) {
	client := vwoClient(t, vwoSettings(100, 0, 100), mapConnector{})
	bold, err := client.Evaluate("basket", NewUser("ada"))
	if err != nil {
		t.Fatal(err)
	}
	type layout struct {
		Wide  bool
		Names []string
	}
	var none layout
	for name, pair := range map[string][2]any{
		"a text":                           {Variable(bold, "title", "none"), "YOUR BASKET"},
		"a number":                         {Variable(bold, "price", 1.0), 12.5},
		"a whole number":                   {Variable(bold, "columns", 1), 3},
		"a whole number as a float":        {Variable(bold, "columns", 1.5), 3.0},
		"a whole float as an integer":      {Variable(bold, "rows", 1), 4},
		"a broken number as an integer":    {Variable(bold, "price", 7), 7},
		"a boolean":                        {Variable(bold, "gift", false), true},
		"an object":                        {Variable(bold, "layout", none), layout{true, []string{"a"}}},
		"anything":                         {Variable[any](bold, "gift", nil), true},
		"a number that is not text":        {Variable(bold, "price", "none"), "none"},
		"a text that is no number":         {Variable(bold, "title", 9), 9},
		"a boolean that is no number":      {Variable(bold, "gift", 9.5), 9.5},
		"an object that does not fit":      {Variable(bold, "layout", []string{"own"}), []string{"own"}},
		"another name":                     {Variable(bold, "Price", 1.0), 1.0},
		"a missing one without a fallback": {Variable[any](bold, "colour", nil), nil},
		"null":                             {Variable(Decision{Value: json.RawMessage(`{"a": null}`)}, "a", 5), 5},
		"an exponent":                      {Variable(Decision{Value: json.RawMessage(`{"a": 1e2}`)}, "a", uint8(5)), uint8(100)},
		"an exponent that is too much":     {Variable(Decision{Value: json.RawMessage(`{"a": 1e3}`)}, "a", uint8(5)), uint8(5)},
		"a large whole number":             {Variable(Decision{Value: json.RawMessage(`{"a": 9007199254740993}`)}, "a", int64(5)), int64(9007199254740993)},
		"a member of what is a text":       {Variable(Decision{Value: json.RawMessage(`"a"`)}, "a", "own"), "own"},
		"a member of no value":             {Variable(Decision{}, "a", "own"), "own"},
		"a member of a list":               {Variable(Decision{Value: json.RawMessage(`[1]`)}, "0", 5), 5},
		"a member of null":                 {Variable(Decision{Value: json.RawMessage(`null`)}, "a", 5), 5},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %#v, not %#v", name, pair[0], pair[1])
		}
	}
	unknown, err := client.Evaluate("nowhere", NewUser("ada"))
	if err == nil || Variable(unknown, "title", "own") != "own" {
		t.Errorf("%+v, %v", unknown, err)
	}
	unknown, _ = client.Evaluate("nowhere", NewUser("ada"), Default(map[string]any{"title": "from the default"}))
	if title := Variable(unknown, "title", "own"); title != "from the default" {
		t.Error(title)
	}
}
