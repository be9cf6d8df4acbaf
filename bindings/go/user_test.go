package flagstay

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestEveryKindOfValueReachesTheConditions(t *testing.T) {
	type plan string
	for name, value := range map[string]any{
		"int": 5, "int8": int8(5), "int16": int16(5), "int32": int32(5), "int64": int64(5), "uint": uint(5),
		"uint8": uint8(5), "uint16": uint16(5), "uint32": uint32(5), "uint64": uint64(5), "float64": 5.0,
		"float32": float32(5), "number": json.Number("5"), "raw": json.RawMessage(" 5 "), "text": "5", "bool": true,
		"named": plan("pro"), "list": []any{"5", 6}, "time": time.Unix(0, 0).UTC(),
		"nil": nil, "object": map[string]any{"a": []string{"b"}}, "struct": struct{ A *string }{nil},
	} {
		user := NewUser("u").Set(name, value).SetPrivate(name, value).SetTargeting(name, value).
			SetEnvironment(name, value).SetContext(name, value).SetID(name, "id")
		if err := user.Err(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	client := newClient(t, Config{Ruleset: json.RawMessage(`{"format": 1, "flags": {"five":
		{"on": true, "variations": {"on": true, "off": false}, "off": "off",
		"rules": [{"id": "five", "if": {"attribute": "n", "one_of": [5, "pro", true, 9007199254740993]}, "serve": "on"}],
		"default": "off"}}}`)})
	for _, value := range []any{5, int8(5), uint64(5), 5.0, float32(5), json.Number("5"), json.RawMessage("5"), plan("pro"),
		true, int64(9007199254740993)} {
		if !client.Bool("five", NewUser("u").Set("n", value), false) {
			t.Errorf("%T %v did not arrive as it is", value, value)
		}
	}
	for _, value := range []any{6, "5", false, nil, int64(9007199254740992), []int{4}} {
		if client.Bool("five", NewUser("u").Set("n", value), true) {
			t.Errorf("%T %v arrived as something else", value, value)
		}
	}
}

func TestAValueThatCannotBeSetSpoilsTheUserAndSaysWhere(t *testing.T) {
	client := exampleClient(t, nil)
	for name, wrong := range map[string]struct {
		user *User
		kind error
		said string
	}{
		"a key that is not UTF-8":       {NewUser("\xff"), ErrInvalidUTF8, "key"},
		"a name that is not UTF-8":      {NewUser("u").Set("\xff", 1), ErrInvalidUTF8, `attribute "\xff"`},
		"a text that is not UTF-8":      {NewUser("u").Set("plan", "\xff"), ErrInvalidUTF8, `attribute "plan"`},
		"a text inside":                 {NewUser("u").Set("p", map[string]any{"a": []string{"x", "\xff"}}), ErrInvalidUTF8, ".a[1]"},
		"a name inside":                 {NewUser("u").Set("p", map[string]int{"\xff": 1}), ErrInvalidUTF8, `"\xff"`},
		"not a number":                  {NewUser("u").Set("n", math.NaN()), ErrInvalidArgument, `attribute "n"`},
		"an infinity":                   {NewUser("u").SetPrivate("n", float32(math.Inf(1))), ErrInvalidArgument, `private attribute "n"`},
		"something that is not JSON":    {NewUser("u").Set("j", json.RawMessage("{")), ErrInvalidJSON, `attribute "j"`},
		"something that cannot be JSON": {NewUser("u").Set("f", func() {}), ErrInvalidJSON, `attribute "f"`},
		"an id":                         {NewUser("u").SetID("company", "\xff"), ErrInvalidUTF8, `id "company"`},
	} {
		err := wrong.user.Err()
		if !errors.Is(err, wrong.kind) || !strings.Contains(err.Error(), wrong.said) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		wrong.user.Set("plan", "pro")
		if client.Bool("new-checkout", wrong.user, false) {
			t.Errorf("%s: a decision was made for half a user", name)
		}
		decision, evaluated := client.Evaluate("colour", wrong.user, Default("none"))
		if text := string(decision.Value); !errors.Is(evaluated, wrong.kind) || text != `"none"` {
			t.Errorf("%s: %v, %s", name, evaluated, text)
		}
		if _, err := client.All(wrong.user); !errors.Is(err, wrong.kind) {
			t.Errorf("%s: all: %v", name, err)
		}
		if _, err := client.Track("e", wrong.user, TrackOptions{}); !errors.Is(err, wrong.kind) {
			t.Errorf("%s: track: %v", name, err)
		}
	}
}

func TestAUserIsReadFromJSON(t *testing.T) {
	client := exampleClient(t, nil)
	user, err := UserFromJSON([]byte(`{"key": "u", "attributes": {"plan": "pro"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if !client.Bool("new-checkout", user, false) {
		t.Error("the attribute did not arrive")
	}
	for document, said := range map[string]string{
		``: "", `{`: "", `[]`: "list", `{"attribute": {}}`: "attribute", "{\"key\": \"\xff\"}": "utf-8",
	} {
		if _, err := UserFromJSON([]byte(document)); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%q: %v", document, err)
		}
	}
}

func TestThereMayBeNoUserAndNoKey(t *testing.T) {
	client := exampleClient(t, nil)
	nobody, err := UserFromJSON([]byte("null"))
	if err != nil {
		t.Fatal(err)
	}
	keyless, err := UserFromJSON([]byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	for name, user := range map[string]*User{"nil": nil, "null": nobody} {
		if !client.Bool("new-checkout", user, true) {
			t.Errorf("%s: the fallback was not answered", name)
		}
		if _, err := client.Evaluate("new-checkout", user); err == nil {
			t.Errorf("%s: a decision was made for nobody", name)
		}
	}
	// A platform decides what it can without a key; what needs one is not drawn, and nothing is stored for nobody.
	store := newMapStore()
	client = exampleClient(t, store)
	if decision, err := client.Evaluate("new-checkout", keyless); err != nil || decision.Reason != ReasonFallthrough {
		t.Errorf("%+v, %v", decision, err)
	}
	for _, user := range []*User{keyless, NewUser("")} {
		if decision, err := client.Evaluate("experiment", user); err != nil || decision.Variation != "a" || decision.Enabled {
			t.Errorf("%+v, %v", decision, err)
		}
	}
	if len(store.records) != 0 {
		t.Errorf("%v", store.records)
	}
}

func TestTextsOfEverySizeAndLanguageArrive(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "NUL": "a\x00b", "unicode": "žluťoučký 🐎 كون", "huge": strings.Repeat("ü", 4<<20),
	} {
		quoted, _ := json.Marshal(text)
		client := newClient(t, Config{Ruleset: json.RawMessage(`{"format": 1, "flags": {"f":
			{"on": true, "variations": {"on": true, "off": false}, "off": "off",
			"rules": [{"id": "it", "if": {"attribute": "x", "one_of": [` + string(quoted) + `]}, "serve": "on"}],
			"default": "off"}}}`)})
		if !client.Bool("f", NewUser("u").Set("x", text), false) {
			t.Errorf("%s: the text did not arrive", name)
		}
		if client.Bool("f", NewUser("u").Set("x", text+"."), true) {
			t.Errorf("%s: another text arrived", name)
		}
	}
}
