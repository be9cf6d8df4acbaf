package flagstay

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

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
