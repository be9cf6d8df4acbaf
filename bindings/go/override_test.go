package flagstay

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestOverridesAreRefusedByDialectsWithoutThem(t *testing.T) {
	for _, dialect := range []string{"flagstay", "vwo-fme", "vwo-fullstack"} {
		client := newClient(t, Config{Dialect: dialect})
		for name, err := range map[string]error{
			"set":    client.Override(KindGate, "f", true),
			"group":  client.OverrideGroup("f", "Control", ForID("u")),
			"remove": client.RemoveOverride(KindGate, "f"),
			"clear":  client.ClearOverrides(),
		} {
			if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), dialect) {
				t.Errorf("%s: %s: %v", dialect, name, err)
			}
		}
	}
}

func TestAnOverrideThatMakesNoSenseIsRefusedByName(t *testing.T) {
	client := newClient(t, Config{})
	for name, wrong := range map[string]struct {
		err  error
		kind error
		said string
	}{
		"a gate's text":     {client.Override(KindGate, "f", "on"), ErrInvalidArgument, "boolean"},
		"a config's number": {client.Override(KindConfig, "f", 5), ErrInvalidArgument, "object"},
		"any kind":          {client.Override(KindAny, "f", true), ErrInvalidArgument, "kind"},
		"no kind":           {client.Override("segment", "f", true), ErrInvalidArgument, `"segment"`},
		"no kind removed":   {client.RemoveOverride("segment", "f"), ErrInvalidArgument, `"segment"`},
		"any kind removed":  {client.RemoveOverride(KindAny, "f"), ErrInvalidArgument, "kind"},
		"the flag":          {client.Override(KindGate, "\xff", true), ErrInvalidUTF8, "flag"},
		"the id":            {client.Override(KindGate, "f", true, ForID("\xff")), ErrInvalidUTF8, "id"},
		"the group":         {client.OverrideGroup("f", "\xff"), ErrInvalidUTF8, "group"},
		"the value":         {client.Override(KindConfig, "f", func() {}), ErrInvalidJSON, "value"},
		"a text inside":     {client.Override(KindConfig, "f", map[string]string{"a": "\xff"}), ErrInvalidUTF8, ".a"},
	} {
		if !errors.Is(wrong.err, wrong.kind) || !strings.Contains(wrong.err.Error(), wrong.said) {
			t.Errorf("%s: %v", name, wrong.err)
		}
	}
}

func TestAKindThatThereIsNotIsAnError(t *testing.T) {
	client := exampleClient(t, nil)
	decision, err := client.Evaluate("colour", NewUser("u"), OfKind("segment"))
	if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), `"segment"`) || decision.Value != nil {
		t.Errorf("%+v, %v", decision, err)
	}
	if _, err := client.All(NewUser("u"), OfKind("segment")); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := client.Explain("colour", NewUser("u"), OfKind("segment")); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	for number, kind := range kinds {
		if got, err := kind.number(); err != nil || int(got) != number || kindOf(got) != kind {
			t.Errorf("%s: %d, %v", kind, got, err)
		}
	}
	if kindOf(99) != "KIND_99" || kindOf(-1) != "KIND_-1" {
		t.Error(kindOf(99), kindOf(-1))
	}
}

func TestOptionsAddUpAndTheLastOfTwoCounts(t *testing.T) {
	held, err := NewAssignments(nil)
	if err != nil {
		t.Fatal(err)
	}
	all, asked, err := combined([]Option{EnforceTargeting(), OfKind(KindGate), WithDetails(), Default(1), OfKind(KindLayer),
		ReadOnly(), WithAssignments(held), Default(2), EnforceOverrides(), WithAssignments(nil)})
	if err != nil || asked != 1+2+4+8+4<<8 || string(all.fallback) != "2" || all.assignments != held {
		t.Errorf("%+v, %b, %v", all, asked, err)
	}
	if _, asked, _ := combined([]Option{OfKind(KindGate), OfKind(KindAny)}); asked != 0 {
		t.Errorf("%b", asked)
	}
	if _, asked, err := combined(nil); asked != 0 || err != nil {
		t.Error(asked, err)
	}
}

func TestADetailIsReadLikeAVariable(t *testing.T) {
	decision := Decision{Details: json.RawMessage(`{"group": "Control", "count": 3.0, "none": null}`)}
	if Detail(decision, "group", "") != "Control" || Detail(decision, "count", 0) != 3 || Detail(decision, "none", 7) != 7 ||
		Detail(decision, "missing", true) != true || Detail(Decision{}, "group", "x") != "x" {
		t.Error("another detail")
	}
	text, err := json.Marshal(decision)
	if err != nil || !strings.Contains(string(text), `"details":{"group":"Control","count":3.0,"none":null}`) ||
		!strings.Contains(string(text), `"kind":null`) {
		t.Errorf("%s, %v", text, err)
	}
}
