package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// vectorFile is a vector file. Documents stay text: a client must see them as their authors wrote them.
type vectorFile struct {
	path     string
	Format   int                        `json:"format"`
	Dialect  string                     `json:"dialect"`
	Source   string                     `json:"source"`
	Note     *string                    `json:"note"`
	NowMS    *int64                     `json:"now_ms"`
	Rulesets map[string]json.RawMessage `json:"rulesets"`
	// Parsed one by one: a case that makes no sense fails alone.
	Cases []json.RawMessage `json:"cases"`
}

type vectorCase struct {
	Name string `json:"name"`
	// Nil: the client has received no rules yet.
	Ruleset *string                    `json:"ruleset"`
	Config  map[string]json.RawMessage `json:"config"`
	// Nil: the client has no store.
	Storage []storedRecord    `json:"storage"`
	Steps   []json.RawMessage `json:"steps"`
}

type storedRecord struct {
	Unit   string          `json:"unit"`
	Flag   string          `json:"flag"`
	Record json.RawMessage `json:"record"`
}

// step is the union of all operations' members. A member that is there and null is the text "null".
type step struct {
	Op               string
	Flag             *string
	User             json.RawMessage
	Default          json.RawMessage
	Exposure         *bool
	Kind             *string
	Assignments      json.RawMessage
	EnforceTargeting bool
	EnforceOverrides bool
	Name             *string
	Event            *string
	Value            json.RawMessage
	Properties       json.RawMessage
	Flags            []string
	Expect           json.RawMessage
}

func readStep(text json.RawMessage) (*step, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	var read step
	places := map[string]any{
		"op": &read.Op, "flag": &read.Flag, "user": &read.User, "default": &read.Default, "exposure": &read.Exposure,
		"kind": &read.Kind, "assignments": &read.Assignments, "enforce_targeting": &read.EnforceTargeting,
		"enforce_overrides": &read.EnforceOverrides, "name": &read.Name, "event": &read.Event, "value": &read.Value,
		"properties": &read.Properties, "flags": &read.Flags, "expect": &read.Expect,
	}
	for name, member := range members {
		place, known := places[name]
		if !known {
			return nil, fmt.Errorf("the step has a member `%s`, which is not known to this runner", name)
		}
		if raw, ok := place.(*json.RawMessage); ok {
			*raw = member
		} else if err := json.Unmarshal(member, place); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if read.Op == "" {
		return nil, errors.New("the step has no `op`")
	}
	if read.Kind != nil && *read.Kind == "" {
		return nil, errors.New("kind: an empty one must not stand for any")
	}
	return &read, nil
}

// passed are the assignments that a step passes along; nil: none.
type passed struct {
	// What the store holds at this step.
	Load *struct {
		User   json.RawMessage `json:"user"`
		IDType *string         `json:"id_type"`
	} `json:"load"`
	// These records, an object.
	Values json.RawMessage `json:"values"`
}

func readPassed(text json.RawMessage) (*passed, error) {
	var read *passed
	if text == nil {
		return nil, nil
	}
	if err := strictly(text, &read); err != nil || read == nil {
		return nil, err
	}
	if (read.Load == nil) == (read.Values == nil) {
		return nil, errors.New("either `load` or `values` is needed")
	}
	if read.Load != nil && (read.Load.User == nil || read.Load.IDType == nil) {
		return nil, errors.New("load: `user` and `id_type` are needed")
	}
	return read, nil
}

func (s *step) need(text *string, name string) (string, error) {
	if text == nil {
		return "", fmt.Errorf("a step with op `%s` needs `%s`", s.Op, name)
	}
	return *text, nil
}

// unusableFile is a vector file that cannot be run; dialect is where it is counted.
type unusableFile struct {
	dialect, message string
}

func (u *unusableFile) Error() string { return u.message }

// readFile reads a vector file; nil without an error is JSON of another kind, a ruleset for example.
func readFile(path string) (*vectorFile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &unusableFile{"unreadable", err.Error()}
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		var otherKind *json.UnmarshalTypeError
		if errors.As(err, &otherKind) {
			return nil, nil
		}
		return nil, &unusableFile{"unreadable", err.Error()}
	}
	if members["format"] == nil || members["cases"] == nil {
		return nil, nil
	}
	dialect := "unreadable"
	_ = json.Unmarshal(members["dialect"], &dialect)
	file := &vectorFile{path: path}
	if err := strictly(text, file); err != nil {
		return nil, &unusableFile{dialect, err.Error()}
	}
	if file.Format != 1 {
		return nil, &unusableFile{dialect, fmt.Sprintf("format %d is not known to this runner", file.Format)}
	}
	return file, nil
}

// document is the text of a named ruleset.
func (f *vectorFile) document(name string) ([]byte, error) {
	inline, there := f.Rulesets[name]
	if !there {
		return nil, fmt.Errorf("the file has no ruleset `%s`", name)
	}
	var members map[string]string
	if json.Unmarshal(inline, &members) == nil && len(members) == 1 && members["$file"] != "" {
		return os.ReadFile(filepath.Join(filepath.Dir(f.path), members["$file"]))
	}
	return inline, nil
}

// strictly reads JSON in which everything has to be known.
func strictly(text []byte, target any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(target); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("there is more after the document")
	}
	return nil
}
