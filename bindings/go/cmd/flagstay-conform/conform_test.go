package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flagstay/flagstay-go"
)

func parsed(t *testing.T, text string) any {
	t.Helper()
	value, err := decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestNumbersAreComparedByValueAndObjectsWithoutOrder(t *testing.T) {
	for _, pair := range [][2]string{
		{`1`, `1.0`}, {`100`, `1e2`}, {`0.1`, `0.1000000000000000055`}, {`-0`, `0`},
		{`{"a": 1, "b": [null, true]}`, `{"b": [null, true], "a": 1.0}`},
	} {
		if !equal(parsed(t, pair[0]), parsed(t, pair[1])) {
			t.Errorf("%s is not %s", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{
		{`9007199254740993`, `9007199254740992`}, {`1`, `"1"`}, {`1`, `true`}, {`null`, `false`}, {`[1, 2]`, `[2, 1]`},
		{`{"a": null}`, `{}`}, {`{"a": null}`, `{"b": null}`}, {`0.1`, `0.2`}, {`1e999`, `1e998`},
	} {
		if equal(parsed(t, pair[0]), parsed(t, pair[1])) {
			t.Errorf("%s is %s", pair[0], pair[1])
		}
	}
}

func TestOnlyTheExpectedKeysAreCompared(t *testing.T) {
	got := parsed(t, `{"found": true, "value": 2, "variation": null}`)
	for expected, count := range map[string]int{
		`{"value": 2.0}`: 0, `{"value": 3, "found": false}`: 2, `{"variation": ""}`: 1, `{"variation": null}`: 0,
		`{"colour": "blue"}`: 1, `[]`: 1,
	} {
		if found := decisionDifferences(parsed(t, expected), got); len(found) != count {
			t.Errorf("%s: %v", expected, found)
		}
	}
	all := parsed(t, `{"a": {"value": 1}, "b": {"value": 2}}`)
	for expected, count := range map[string]int{
		`{"a": {}, "b": {"value": 2}}`: 0, `{"a": {}}`: 1, `{"a": {"value": 0}, "b": {}, "c": {}}`: 2,
	} {
		if found := decisionsDifferences(parsed(t, expected), all); len(found) != count {
			t.Errorf("%s: %v", expected, found)
		}
	}
}

func TestRecordsAreASetAndTimestampsAreForgotten(t *testing.T) {
	compare := setDifferences("record")
	if found := compare(parsed(t, `[1, {"a": 2}]`), parsed(t, `[{"a": 2.0}, 1]`)); found != nil {
		t.Error(found)
	}
	if found := compare(parsed(t, `[1, 2]`), parsed(t, `[2, 2]`)); len(found) != 2 {
		t.Error(found)
	}
	events := withoutTimestamps(parsed(t, `[{"timestamp": 5, "e": {"timestamp": 6, "n": [{"timestamp": 7}]}}]`))
	if !equal(events, parsed(t, `[{"e": {"n": [{}]}}]`)) {
		t.Error(events)
	}
}

// run runs one vector file and gives the report.
func run(t *testing.T, document string) *report {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vectors.json")
	if err := os.WriteFile(path, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	report := newReport()
	runFile(path, report)
	return report
}

func withCase(about string) string {
	return `{"format": 1, "dialect": "flagstay", "source": "this test", "rulesets": {"main": {"format": 1, "flags": {
		"f": {"on": true, "variations": {"on": true, "off": false}, "off": "off", "default": "on"}}}},
		"cases": [{"name": "the case", ` + about + `}]}`
}

func TestWhatCannotBeRunFails(t *testing.T) {
	if _, err := flagstay.Version(); err != nil {
		t.Fatal(err)
	}
	steps := func(step string) string { return withCase(`"ruleset": "main", "steps": [` + step + `]`) }
	evaluate := `"op": "evaluate", "flag": "f", "user": {"key": "u"}`
	for name, wrong := range map[string]struct{ document, said string }{
		"not JSON":          {`{`, "unexpected end"},
		"another format":    {strings.Replace(steps(""), `"format": 1`, `"format": 2`, 1), "format 2"},
		"an unknown member": {strings.Replace(steps(""), `"source"`, `"sauce"`, 1), "sauce"},
		"an unknown case":   {withCase(`"ruleset": "main", "steps": [], "colour": 1`), "colour"},
		"an unknown config": {withCase(`"ruleset": "main", "steps": [], "config": {"colour": 1}`), "config.colour"},
		"an unknown fault":  {withCase(`"ruleset": "main", "steps": [], "storage": [], "config": {"store_fault": "x"}`), "store_fault"},
		"an unknown rules":  {withCase(`"ruleset": "other", "steps": []`), "no ruleset `other`"},
		"an unknown op":     {steps(`{"op": "guess"}`), "op `guess`"},
		"an unknown key":    {steps(`{` + evaluate + `, "colour": 1}`), "colour"},
		"a missing user":    {steps(`{"op": "evaluate", "flag": "f"}`), "needs `user`"},
		"a missing flag":    {steps(`{"op": "evaluate", "user": null}`), "needs `flag`"},
		"an unknown kind":   {steps(`{` + evaluate + `, "kind": "segment"}`), "segment"},
		"an empty kind":     {steps(`{` + evaluate + `, "kind": ""}`), "kind"},
		"a broken switch":   {steps(`{` + evaluate + `, "enforce_targeting": 1}`), "enforce_targeting"},
		"no assignments":    {steps(`{` + evaluate + `, "assignments": {}}`), "`load` or `values`"},
		"two assignments":   {steps(`{` + evaluate + `, "assignments": {"load": {"user": null, "id_type": "a"}, "values": {}}}`), "`load` or `values`"},
		"odd assignments":   {steps(`{` + evaluate + `, "assignments": {"save": {}}}`), "save"},
		"half a load":       {steps(`{` + evaluate + `, "assignments": {"load": {"user": {"key": "u"}}}}`), "id_type"},
		"a broken load":     {steps(`{` + evaluate + `, "assignments": {"load": {"user": 5, "id_type": "userID"}}}`), "assignments"},
		"broken values":     {steps(`{` + evaluate + `, "assignments": {"values": []}}`), "assignments"},
		"an odd all":        {steps(`{"op": "evaluate_all", "user": {"key": "u"}, "assignments": {}}`), "`load` or `values`"},
		"a wrong answer":    {steps(`{` + evaluate + `, "expect": {"value": false}}`), "expected false"},
		"no storage":        {steps(`{"op": "storage", "expect": []}`), "no storage"},
	} {
		report := run(t, wrong.document)
		if text := report.text("go"); report.success() || !strings.Contains(text, wrong.said) || !strings.Contains(text, " go 0 1\n") {
			t.Errorf("%s: %s", name, text)
		}
	}
	for name, document := range map[string]string{
		"an answer": steps(`{` + evaluate + `, "expect": {"value": true, "error": null}}`),
		"assignments": steps(`{` + evaluate + `, "assignments": null, "enforce_overrides": true, "expect": {"value": true}},
			{` + evaluate + `, "assignments": {"values": {"f": 5}}, "expect": {"value": true}},
			{` + evaluate + `, "assignments": {"load": {"user": {"key": "u"}, "id_type": "userID"}}, "expect": {"value": true}}`),
		"no rules": withCase(`"ruleset": null, "steps": [{` + evaluate + `, "default": [1], "expect": {"value": [1]}}]`),
	} {
		if report := run(t, document); !report.success() {
			t.Errorf("%s: %s", name, report.text("go"))
		}
	}
	for _, other := range []string{`[]`, `5`, `{"format": 1}`} {
		if report := run(t, other); report.success() || len(report.dialects) != 0 {
			t.Errorf("%s was taken for vectors", other)
		}
	}
}

func TestFailuresBeyondTheShownOnesAreCounted(t *testing.T) {
	report := newReport()
	for range shown + 3 {
		report.fail("featbit", failure{file: "a.json", text: json.RawMessage("{}")})
	}
	report.pass("featbit")
	if text := report.text("go"); !strings.HasPrefix(text, "featbit go 1 23\n") || !strings.HasSuffix(text, "… and 3 more\n") {
		t.Error(text)
	}
}
