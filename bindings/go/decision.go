package flagstay

/*
#include "shim.h"
*/
import "C"

import (
	"encoding/json"
	"math"
	"strconv"
	"unsafe"
)

// Reason is why a decision is what it is.
type Reason string

// The reasons. A newer library may know more.
const (
	// ReasonError: there is no decision; Code says why, and the value is the caller's default.
	ReasonError Reason = "ERROR"
	// ReasonOff: the flag is off, or the user was held out of everything that it offers.
	ReasonOff Reason = "OFF"
	// ReasonFallthrough: no rule matched, and the default applied.
	ReasonFallthrough Reason = "FALLTHROUGH"
	// ReasonTargetMatch: the user is one of the flag's individual targets.
	ReasonTargetMatch Reason = "TARGET_MATCH"
	// ReasonRuleMatch: a rule matched; RuleID says which.
	ReasonRuleMatch Reason = "RULE_MATCH"
	// ReasonPrerequisiteFailed: another flag that this one depends on stands in the way.
	ReasonPrerequisiteFailed Reason = "PREREQUISITE_FAILED"
	// ReasonSticky: a stored assignment answered.
	ReasonSticky Reason = "STICKY"
)

// The reasons by their numbers.
var reasons = [...]Reason{
	C.FLAGSTAY_REASON_ERROR:               ReasonError,
	C.FLAGSTAY_REASON_OFF:                 ReasonOff,
	C.FLAGSTAY_REASON_FALLTHROUGH:         ReasonFallthrough,
	C.FLAGSTAY_REASON_TARGET_MATCH:        ReasonTargetMatch,
	C.FLAGSTAY_REASON_RULE_MATCH:          ReasonRuleMatch,
	C.FLAGSTAY_REASON_PREREQUISITE_FAILED: ReasonPrerequisiteFailed,
	C.FLAGSTAY_REASON_STICKY:              ReasonSticky,
}

func reasonOf(number C.int32_t) Reason {
	if number >= 0 && int(number) < len(reasons) {
		return reasons[number]
	}
	return Reason("REASON_" + strconv.Itoa(int(number)))
}

// Decision is the answer to one question, and why it is that answer. It is a copy that belongs to the caller.
type Decision struct {
	// Flag is the flag's key.
	Flag string
	// Value is the value as JSON, or the caller's default where there is no decision; nil where there is neither.
	Value json.RawMessage
	// Variation is the variation's name, VariationID the platform's id of it, RuleID the id of the rule that answered.
	// Each is empty where there is none.
	Variation   string
	VariationID string
	RuleID      string
	// Reason is why the decision is what it is.
	Reason Reason
	// Code is CodeOK, or why the caller's default was answered; Message is a sentence about it.
	Code    Code
	Message string
	// StoreError is what went wrong with the store on the way. The decision stands all the same.
	StoreError string
	// Found: the ruleset has the flag.
	Found bool
	// Enabled: the flag read as a switch is on: gate passed, feature on, user part of the campaign.
	Enabled bool
	// Sticky: the answer came from a stored assignment.
	Sticky bool
	// Kind is what the flag is, on platforms where flags of several kinds may share a name; otherwise KindAny.
	Kind Kind
	// Details are the platform's further facts as a JSON object, where [WithDetails] asked for them; what is in it is on
	// the dialect's reference page. [Detail] reads one of them.
	Details json.RawMessage

	text      string
	number    float64
	valueType C.int32_t
	boolean   bool
	// Which of the three names there are; a platform may give an empty one.
	named [3]bool
	// Where the decision stands among those for all flags; nil for one that was made by itself.
	place *place
}

// Bool is the value where it is a boolean.
func (d *Decision) Bool() (value, ok bool) { return d.boolean, d.valueType == C.FLAGSTAY_TYPE_BOOLEAN }

// Number is the value where it is a number. A whole number beyond 2^53 is exact in Value only.
func (d *Decision) Number() (value float64, ok bool) {
	return d.number, d.valueType == C.FLAGSTAY_TYPE_NUMBER
}

// Text is the value where it is a text.
func (d *Decision) Text() (value string, ok bool) { return d.text, d.valueType == C.FLAGSTAY_TYPE_TEXT }

// Decode writes the value to target, as json.Unmarshal does. A value that does not fit, or none, is [ErrTypeMismatch],
// and target is then not to be used.
func (d *Decision) Decode(target any) error {
	if d.Value == nil {
		return &Error{Code: CodeTypeMismatch, Message: about(d.Flag, "there is no value")}
	}
	if err := json.Unmarshal(d.Value, target); err != nil {
		return &Error{Code: CodeTypeMismatch, Message: about(d.Flag, err.Error())}
	}
	return nil
}

// Variable reads one member of a decision whose value is an object, as the variables of a flag are on some platforms:
//
//	price := flagstay.Variable(decision, "price", 9.99)
//
// The fallback stands where the value is no object, where the object has no such member, where the member is null, and
// where it is of another type than T: a text does not become a number. Whole and broken numbers are one type, so 3 reads
// as a float64, and 3.0 as an int; 3.5 does not. The name is compared exactly. That a variable is not there is no error.
//
// Each call reads the value's text. For many members at once, use [Decision.Decode] with a struct.
func Variable[T any](d Decision, name string, fallback T) T { return member(d.Value, name, fallback) }

// Detail reads one of a decision's details, as [Variable] does a member of its value:
//
//	allocated := flagstay.Detail(decision, "allocated_experiment", "")
func Detail[T any](d Decision, name string, fallback T) T { return member(d.Details, name, fallback) }

func member[T any](object json.RawMessage, name string, fallback T) T {
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		return fallback
	}
	member := members[name]
	if member == nil || string(member) == "null" {
		return fallback
	}
	var value T
	if json.Unmarshal(member, &value) == nil {
		return value
	}
	// encoding/json refuses to read a whole number that is written with a point or an exponent as an integer.
	number, err := strconv.ParseFloat(string(member), 64)
	if err != nil || number != math.Trunc(number) || math.Abs(number) > 1<<53 {
		return fallback
	}
	var whole T
	if json.Unmarshal(strconv.AppendFloat(nil, number, 'f', -1, 64), &whole) != nil {
		return fallback
	}
	return whole
}

// Err is the error that the evaluation returned: nil where there is a decision.
func (d *Decision) Err() error {
	if d.Code == CodeOK {
		return nil
	}
	return &Error{Code: d.Code, Message: about(d.Flag, d.Message)}
}

// MarshalJSON writes the decision for people and logs, null for what there is not.
func (d Decision) MarshalJSON() ([]byte, error) {
	optional := func(text string, there bool) *string {
		if !there {
			return nil
		}
		return &text
	}
	code := d.Code.String()
	return json.Marshal(struct {
		Flag        string          `json:"flag"`
		Found       bool            `json:"found"`
		Kind        *string         `json:"kind"`
		Enabled     bool            `json:"enabled"`
		Value       json.RawMessage `json:"value"`
		Variation   *string         `json:"variation"`
		VariationID *string         `json:"variation_id"`
		RuleID      *string         `json:"rule_id"`
		Reason      Reason          `json:"reason"`
		Sticky      bool            `json:"sticky"`
		Error       *string         `json:"error"`
		Message     *string         `json:"message"`
		StoreError  *string         `json:"store_error"`
		Details     json.RawMessage `json:"details"`
	}{
		Flag:        d.Flag,
		Found:       d.Found,
		Kind:        optional(string(d.Kind), d.Kind != KindAny),
		Enabled:     d.Enabled,
		Value:       d.Value,
		Variation:   optional(d.Variation, d.named[0] || d.Variation != ""),
		VariationID: optional(d.VariationID, d.named[1] || d.VariationID != ""),
		RuleID:      optional(d.RuleID, d.named[2] || d.RuleID != ""),
		Reason:      d.Reason,
		Sticky:      d.Sticky,
		Error:       optional(code, d.Code != CodeOK),
		Message:     optional(d.Message, d.Message != ""),
		StoreError:  optional(d.StoreError, d.StoreError != ""),
		Details:     d.Details,
	})
}

// failed is the decision of a call that did not come to one.
func failed(flag string, fallback json.RawMessage, err error) (Decision, error) {
	decision := Decision{Flag: flag, Value: fallback, Reason: ReasonError, Code: CodeGeneral, Message: err.Error()}
	if said, ok := err.(*Error); ok {
		decision.Code, decision.Message = said.Code, said.Message
	}
	return decision, err
}

// copyTo copies the decision that the library wrote to the scratch, all texts in one allocation. An empty flag stands for
// the one that the library names. It writes to where the decision is needed, which saves moving it.
func (s *scratch) copyTo(decision *Decision, flag string) {
	native := &s.native.decision
	size := native.value_json_len + native.value_text_len + native.variation_len + native.variation_id_len +
		native.rule_id_len + native.message_len + native.store_error_len + native.details_json_len
	if flag == "" {
		size += native.flag_len
	}
	texts := make([]byte, 0, int(size))
	// The room is enough, so the texts do not move any more.
	add := func(text *C.char, length C.size_t) []byte {
		start := len(texts)
		texts = append(texts, borrowed(text, length)...)
		return texts[start:len(texts):len(texts)]
	}
	addText := func(text *C.char, length C.size_t) string {
		return unsafe.String(unsafe.SliceData(add(text, length)), int(length))
	}
	*decision = Decision{
		Flag:        flag,
		Variation:   addText(native.variation, native.variation_len),
		VariationID: addText(native.variation_id, native.variation_id_len),
		RuleID:      addText(native.rule_id, native.rule_id_len),
		Reason:      reasonOf(native.reason),
		Code:        Code(native.error),
		Message:     addText(native.message, native.message_len),
		StoreError:  addText(native.store_error, native.store_error_len),
		Found:       native.found != 0,
		Enabled:     native.enabled != 0,
		Sticky:      native.sticky != 0,
		Kind:        kindOf(native.kind),
		text:        addText(native.value_text, native.value_text_len),
		number:      float64(native.value_number),
		valueType:   native.value_type,
		boolean:     native.value_boolean != 0,
		named:       [3]bool{native.variation != nil, native.variation_id != nil, native.rule_id != nil},
	}
	if flag == "" {
		decision.Flag = addText(native.flag, native.flag_len)
	}
	if native.value_json != nil {
		decision.Value = add(native.value_json, native.value_json_len)
	}
	if native.details_json != nil {
		decision.Details = add(native.details_json, native.details_json_len)
	}
}

// about puts the flag before what is said about it.
func about(flag, message string) string { return "flag " + strconv.Quote(flag) + ": " + message }
