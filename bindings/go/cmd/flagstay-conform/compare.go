package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"sort"
)

// The keys that a decision answers by.
var decisionKeys = map[string]bool{
	"found": true, "enabled": true, "value": true, "variation": true, "variation_id": true, "rule_id": true,
	"reason": true, "sticky": true, "error": true,
}

// difference is where two answers part.
type difference struct {
	place, expected, got string
}

// decode reads JSON, numbers as they are written.
func decode(text []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

func encoded(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// decisionDifferences compares the keys that expected has, and no others.
func decisionDifferences(expected, got any) (found []difference) {
	wanted, isObject := expected.(map[string]any)
	answered, _ := got.(map[string]any)
	if !isObject {
		return []difference{{"expect", encoded(expected), "a decision"}}
	}
	for _, key := range sortedKeys(wanted) {
		switch {
		case !decisionKeys[key]:
			found = append(found, difference{key, encoded(wanted[key]), "no such decision key"})
		case !equal(wanted[key], answered[key]):
			found = append(found, difference{key, encoded(wanted[key]), encoded(answered[key])})
		}
	}
	return found
}

// decisionsDifferences compares the decisions of all flags; the flags must be the same ones.
func decisionsDifferences(expected, got any) (found []difference) {
	wanted, isObject := expected.(map[string]any)
	answered, _ := got.(map[string]any)
	if !isObject {
		return []difference{{"expect", encoded(expected), "decisions"}}
	}
	for _, flag := range sortedKeys(wanted) {
		decision, there := answered[flag]
		if !there {
			found = append(found, difference{flag, encoded(wanted[flag]), "no decision"})
			continue
		}
		for _, inside := range decisionDifferences(wanted[flag], decision) {
			inside.place = flag + "." + inside.place
			found = append(found, inside)
		}
	}
	for _, flag := range sortedKeys(answered) {
		if _, there := wanted[flag]; !there {
			found = append(found, difference{flag, "no decision", encoded(answered[flag])})
		}
	}
	return found
}

// wholeDifferences compares two values as a whole.
func wholeDifferences(place string) func(expected, got any) []difference {
	return func(expected, got any) []difference {
		if equal(expected, got) {
			return nil
		}
		return []difference{{place, encoded(expected), encoded(got)}}
	}
}

// setDifferences compares two lists whose order does not matter, each member counted.
func setDifferences(place string) func(expected, got any) []difference {
	return func(expected, got any) (found []difference) {
		wanted, isList := expected.([]any)
		if !isList {
			return []difference{{"expect", encoded(expected), "a list"}}
		}
		surplus := append([]any{}, got.([]any)...)
	members:
		for _, member := range wanted {
			for at, candidate := range surplus {
				if equal(member, candidate) {
					surplus = append(surplus[:at], surplus[at+1:]...)
					continue members
				}
			}
			found = append(found, difference{place, encoded(member), "not there"})
		}
		for _, member := range surplus {
			found = append(found, difference{place, "not there", encoded(member)})
		}
		return found
	}
}

// withoutTimestamps removes the keys named timestamp at every depth: the one thing about an event that no vector can
// know.
func withoutTimestamps(value any) any {
	switch value := value.(type) {
	case map[string]any:
		delete(value, "timestamp")
		for _, member := range value {
			withoutTimestamps(member)
		}
	case []any:
		for _, member := range value {
			withoutTimestamps(member)
		}
	}
	return value
}

// equal compares JSON: numbers by value, objects regardless of the order of their keys, everything else exactly.
func equal(one, other any) bool {
	switch one := one.(type) {
	case map[string]any:
		other, same := other.(map[string]any)
		if !same || len(one) != len(other) {
			return false
		}
		for key, member := range one {
			if counterpart, there := other[key]; !there || !equal(member, counterpart) {
				return false
			}
		}
		return true
	case []any:
		other, same := other.([]any)
		if !same || len(one) != len(other) {
			return false
		}
		for at, member := range one {
			if !equal(member, other[at]) {
				return false
			}
		}
		return true
	case json.Number:
		other, same := other.(json.Number)
		return same && equalNumbers(one, other)
	default:
		return one == other
	}
}

// equalNumbers compares exactly, and where a fraction is involved as the nearest doubles: 0.1 may be written in more
// than one way, and 2^53 + 1 may not.
func equalNumbers(one, other json.Number) bool {
	if one == other {
		return true
	}
	double, err := one.Float64()
	counterpart, otherErr := other.Float64()
	if err != nil || otherErr != nil || double != counterpart {
		return false
	}
	// Equal as doubles, and so of a size that can be written out.
	exact, _ := new(big.Rat).SetString(one.String())
	exactOther, _ := new(big.Rat).SetString(other.String())
	return !exact.IsInt() || !exactOther.IsInt() || exact.Cmp(exactOther) == 0
}

func sortedKeys(members map[string]any) []string {
	keys := make([]string, 0, len(members))
	for key := range members {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
