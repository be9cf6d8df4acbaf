package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// More failures than this are counted, not printed.
const shown = 20

type report struct {
	dialects map[string]*tally
	failures []failure
}

type tally struct {
	passed, failed int
}

// failure is one check that failed, or something that could not be run.
type failure struct {
	file, name string
	// Counted from 1; 0 where it is no single step.
	step int
	// The step as it is written: op, flag, user.
	text json.RawMessage
	// Why it could not be run; empty where it ran and answered differently.
	message     string
	differences []difference
}

func newReport() *report { return &report{dialects: map[string]*tally{}} }

func (r *report) tally(dialect string) *tally {
	if r.dialects[dialect] == nil {
		r.dialects[dialect] = &tally{}
	}
	return r.dialects[dialect]
}

func (r *report) pass(dialect string) { r.tally(dialect).passed++ }

func (r *report) fail(dialect string, failed failure) {
	r.tally(dialect).failed++
	if len(r.failures) < shown {
		r.failures = append(r.failures, failed)
	}
}

// success: something ran, and nothing failed.
func (r *report) success() bool {
	passed, failed := 0, 0
	for _, counted := range r.dialects {
		passed += counted.passed
		failed += counted.failed
	}
	return passed > 0 && failed == 0
}

func (r *report) text(language string) string {
	var text strings.Builder
	dialects := make([]string, 0, len(r.dialects))
	failed := 0
	for dialect, counted := range r.dialects {
		dialects = append(dialects, dialect)
		failed += counted.failed
	}
	sort.Strings(dialects)
	for _, dialect := range dialects {
		counted := r.dialects[dialect]
		fmt.Fprintf(&text, "%s %s %d %d\n", dialect, language, counted.passed, counted.failed)
	}
	for _, failed := range r.failures {
		failed.write(&text)
	}
	if more := failed - len(r.failures); more > 0 {
		fmt.Fprintf(&text, "\n… and %d more\n", more)
	}
	return text.String()
}

func (f failure) write(text *strings.Builder) {
	text.WriteString("\n" + f.file)
	if f.name != "" {
		text.WriteString(": " + f.name)
	}
	if f.step > 0 {
		fmt.Fprintf(text, ", step %d", f.step)
	}
	text.WriteString("\n")
	if f.text != nil {
		fmt.Fprintf(text, "  %s\n", f.text)
	}
	if f.message != "" {
		fmt.Fprintf(text, "  %s\n", f.message)
	}
	for _, found := range f.differences {
		fmt.Fprintf(text, "  %s\n    expected %s\n    got      %s\n", found.place, found.expected, found.got)
	}
}
