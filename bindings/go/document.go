package flagstay

import (
	"encoding/json"
	"fmt"
	"reflect"
	"unicode/utf8"
)

// encode writes a Go value as the JSON document that the library takes. Unlike encoding/json it refuses text that is
// not UTF-8, which would otherwise arrive changed.
func encode(place string, value any) (json.RawMessage, error) {
	document, err := json.Marshal(value)
	if err != nil {
		return nil, newError(CodeInvalidJSON, "%s: %v", place, err)
	}
	// What could be written has no cycles, so this ends.
	if inside, bad := findBadText(reflect.ValueOf(value)); bad {
		return nil, newError(CodeInvalidUTF8, "%s%s: the text is not UTF-8", place, inside)
	}
	return document, nil
}

var marshaler = reflect.TypeFor[json.Marshaler]()

// findBadText looks for a text that is not UTF-8 and says where it is.
func findBadText(value reflect.Value) (place string, bad bool) {
	if !value.IsValid() {
		return "", false
	}
	if raw, ok := value.Interface().(json.RawMessage); ok {
		return "", !utf8.Valid(raw)
	}
	if value.Type().Implements(marshaler) {
		return "", false
	}
	switch value.Kind() {
	case reflect.String:
		return "", !utf8.ValidString(value.String())
	case reflect.Interface, reflect.Pointer:
		return findBadText(value.Elem())
	case reflect.Slice, reflect.Array:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return "", false // written as base64
		}
		for at := range value.Len() {
			if place, bad := findBadText(value.Index(at)); bad {
				return fmt.Sprintf("[%d]%s", at, place), true
			}
		}
	case reflect.Map:
		for entries := value.MapRange(); entries.Next(); {
			if _, bad := findBadText(entries.Key()); bad {
				return fmt.Sprintf(", a name (%q)", entries.Key().Interface()), true
			}
			if place, bad := findBadText(entries.Value()); bad {
				return fmt.Sprintf(".%v%s", entries.Key().Interface(), place), true
			}
		}
	case reflect.Struct:
		for at := range value.NumField() {
			field := value.Type().Field(at)
			if !field.IsExported() {
				continue
			}
			if place, bad := findBadText(value.Field(at)); bad {
				return "." + field.Name + place, true
			}
		}
	}
	return "", false
}
