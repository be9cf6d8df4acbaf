package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/flagstay/flagstay-go"
)

// The client options that a case may set; all but store_fault are the dialect's.
var knownOptions = map[string]bool{
	"goal_type_to_track": true, "opt_out": true, "store_fault": true, "environment": true,
	"global_custom_fields": true, "env_secret": true, "defaults": true,
}

// subject is the client under test and what the steps look at besides.
type subject struct {
	file   *vectorFile
	client *flagstay.Client
	store  *caseStore
}

// runCase runs a case on a fresh client and reports each of its checks.
func runCase(file *vectorFile, text json.RawMessage, report *report) {
	var about vectorCase
	if err := strictly(text, &about); err != nil {
		report.fail(file.Dialect, failure{file: file.path, name: "(unreadable)", message: err.Error()})
		return
	}
	tested, err := newSubject(file, &about)
	if err != nil {
		report.fail(file.Dialect, failure{file: file.path, name: about.Name, message: err.Error()})
		return
	}
	defer tested.client.Close()
	for index, text := range about.Steps {
		checks, differences, err := tested.take(text)
		switch {
		case err != nil || len(differences) > 0:
			failed := failure{file: file.path, name: about.Name, step: index + 1, text: text, differences: differences}
			if err != nil {
				failed.message = err.Error()
			}
			report.fail(file.Dialect, failed)
		case checks:
			report.pass(file.Dialect)
		}
	}
}

func newSubject(file *vectorFile, about *vectorCase) (*subject, error) {
	config := flagstay.Config{Dialect: file.Dialect, Options: map[string]any{}}
	fault := ""
	for name, value := range about.Config {
		switch {
		case !knownOptions[name]:
			return nil, fmt.Errorf("config.%s: not known to this runner", name)
		case name != "store_fault":
			config.Options[name] = value
		default:
			if err := json.Unmarshal(value, &fault); err != nil {
				return nil, err
			}
		}
	}
	if file.NowMS != nil {
		config.Now = time.UnixMilli(*file.NowMS)
	}
	for _, text := range about.Steps {
		if read, err := readStep(text); err == nil && read.Op == "events" {
			config.Events.Exposures = true
		}
	}
	tested := &subject{file: file}
	if about.Storage != nil {
		store, err := newCaseStore(about.Storage, fault)
		if err != nil {
			return nil, err
		}
		tested.store = store
		config.CustomStore = store
	}
	client, err := flagstay.New(config)
	if err != nil {
		return nil, err
	}
	tested.client = client
	if about.Ruleset != nil {
		if err := tested.update(*about.Ruleset); err != nil {
			client.Close()
			return nil, err
		}
	}
	return tested, nil
}

// update hands over a document. That the dialect refuses it is an answer too: what follows is decided without it.
func (t *subject) update(name string) error {
	document, err := t.file.document(name)
	if err != nil {
		return err
	}
	if err := t.client.Update(document); errors.Is(err, flagstay.ErrInternal) {
		return err
	}
	return nil
}

// take takes one step; checks says whether it expects anything, and the differences are where its answer is another.
func (t *subject) take(text json.RawMessage) (checks bool, differences []difference, err error) {
	step, err := readStep(text)
	if err != nil {
		return false, nil, err
	}
	if step.Op == "ruleset" {
		if step.Expect != nil {
			return false, nil, errors.New("a step with op `ruleset` has nothing to expect")
		}
		name, err := step.need(step.Name, "name")
		if err != nil {
			return false, nil, err
		}
		return false, nil, t.update(name)
	}
	got, compare, err := t.answer(step)
	if err != nil || step.Expect == nil {
		return false, nil, err
	}
	expected, err := decode(step.Expect)
	if err != nil {
		return false, nil, err
	}
	return true, compare(expected, got), nil
}

// answer asks what the step asks, and gives the answer as JSON with what compares it.
func (t *subject) answer(step *step) (got any, compare func(expected, got any) []difference, err error) {
	switch step.Op {
	case "evaluate":
		got, err = t.evaluate(step)
		return got, decisionDifferences, err
	case "evaluate_all":
		got, err = t.evaluateAll(step)
		return got, decisionsDifferences, err
	case "track":
		accepted, err := t.track(step)
		return map[string]any{"accepted": accepted}, wholeDifferences("track"), err
	case "events":
		got, err = t.events()
		return got, wholeDifferences("events"), err
	case "storage":
		if t.store == nil {
			return nil, nil, errors.New("the case has no storage")
		}
		got, err = t.store.list()
		return got, setDifferences("record"), err
	default:
		return nil, nil, fmt.Errorf("op `%s` is not known to this runner", step.Op)
	}
}

func (t *subject) evaluate(step *step) (any, error) {
	flag, err := step.need(step.Flag, "flag")
	if err != nil {
		return nil, err
	}
	user, err := userOf(step)
	if err != nil {
		return nil, err
	}
	held, err := t.assignments(step)
	if err != nil {
		return nil, fmt.Errorf("assignments: %w", err)
	}
	defer held.Close()
	options := append(optionsOf(step), flagstay.WithAssignments(held))
	if step.Default != nil {
		options = append(options, flagstay.Default(step.Default))
	}
	decision, err := t.client.Evaluate(flag, user, options...)
	if err != nil && !isAnswer(decision.Code) {
		return nil, err
	}
	return asJSON(decision)
}

// assignments are what the step passes along; nil: nothing.
func (t *subject) assignments(step *step) (*flagstay.Assignments, error) {
	given, err := readPassed(step.Assignments)
	switch {
	case given == nil || err != nil:
		return nil, err
	case given.Values != nil:
		return flagstay.AssignmentsFromJSON(given.Values)
	}
	user, err := flagstay.UserFromJSON(given.Load.User)
	if err != nil {
		return nil, err
	}
	return t.client.LoadAssignments(user, *given.Load.IDType)
}

// isAnswer: a decision that answers the default is an answer; one for a call that was wrong is not.
func isAnswer(code flagstay.Code) bool {
	return code >= flagstay.CodeFlagNotFound && code <= flagstay.CodeGeneral
}

func (t *subject) evaluateAll(step *step) (any, error) {
	user, err := userOf(step)
	if err != nil {
		return nil, err
	}
	held, err := t.assignments(step)
	if err != nil {
		return nil, fmt.Errorf("assignments: %w", err)
	}
	defer held.Close()
	decisions, err := t.client.All(user, append(optionsOf(step), flagstay.WithAssignments(held))...)
	if err != nil {
		return nil, fmt.Errorf("no decisions: %w", err)
	}
	defer decisions.Close()
	got := map[string]any{}
	for flag, decision := range decisions.Each() {
		if got[flag], err = asJSON(decision); err != nil {
			return nil, err
		}
	}
	return got, nil
}

func (t *subject) track(step *step) (bool, error) {
	event, err := step.need(step.Event, "event")
	if err != nil {
		return false, err
	}
	user, err := userOf(step)
	if err != nil {
		return false, err
	}
	options := flagstay.TrackOptions{Flags: step.Flags}
	if step.Value != nil {
		options.Value = step.Value
	}
	if step.Properties != nil {
		var properties map[string]json.RawMessage
		if err := json.Unmarshal(step.Properties, &properties); err != nil {
			return false, err
		}
		options.Properties = map[string]any{}
		for name, value := range properties {
			options.Properties[name] = value
		}
	}
	return t.client.Track(event, user, options)
}

func (t *subject) events() (any, error) {
	lines, err := t.client.DrainEvents(math.MaxInt)
	if err != nil {
		return nil, err
	}
	got := []any{}
	for _, line := range lines {
		event, err := decode(line)
		if err != nil {
			return nil, err
		}
		got = append(got, withoutTimestamps(event))
	}
	return got, nil
}

func userOf(step *step) (*flagstay.User, error) {
	if step.User == nil {
		return nil, fmt.Errorf("a step with op `%s` needs `user`", step.Op)
	}
	return flagstay.UserFromJSON(step.User)
}

// optionsOf is what the step asks for, but for the assignments and the default.
func optionsOf(step *step) (options []flagstay.Option) {
	if step.Exposure != nil && !*step.Exposure {
		options = append(options, flagstay.ReadOnly())
	}
	if step.Kind != nil {
		options = append(options, flagstay.OfKind(flagstay.Kind(*step.Kind)))
	}
	if step.EnforceTargeting {
		options = append(options, flagstay.EnforceTargeting())
	}
	if step.EnforceOverrides {
		options = append(options, flagstay.EnforceOverrides())
	}
	return options
}

func asJSON(decision flagstay.Decision) (any, error) {
	text, err := json.Marshal(decision)
	if err != nil {
		return nil, err
	}
	return decode(text)
}
