package flagstay

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestZeroValuesAnswerFallbacksAndErrorsWithALibraryAndWithout(t *testing.T) {
	theLibrary(t)
	for _, wrong := range wrongWithZeroValues() {
		t.Error(wrong)
	}
	if output, code := child(t, "", childTask+"="+zeroValuesTask); code != 0 || output != "" {
		t.Errorf("without a library: exit code %d: %s", code, output)
	}
}

// zeroValuesTask is done by a process that has no library, and must not look for one either.
const zeroValuesTask = "zero values"

func runZeroValues() (code int) {
	wrong := wrongWithZeroValues()
	if library.loaded.Load() {
		wrong = append(wrong, "the library was loaded")
	}
	for _, wrong := range wrong {
		fmt.Println(wrong)
		code = 3
	}
	return code
}

// wrongWithZeroValues says what is not as it is documented of the values that New, NewUser and the like did not make.
func wrongWithZeroValues() (wrong []string) {
	wrong = wrongWithZeroMethods()
	for name, user := range map[string]*User{"no user": nil, "the zero user": {}} {
		client := new(Client)
		if !client.Bool("f", user, true) || client.Bool("f", user, false) || client.Number("f", user, 2.5) != 2.5 ||
			client.Text("f", user, "x") != "x" || string(client.JSON("f", user, json.RawMessage("[1]"))) != "[1]" {
			wrong = append(wrong, name+": another answer than the fallback")
		}
		if value, err := Value(client, "f", user, 7); value != 7 || !errors.Is(err, ErrInvalidArgument) {
			wrong = append(wrong, fmt.Sprintf("%s: %d, %v", name, value, err))
		}
		decision, err := client.Evaluate("f", user, Default("x"), WithAssignments(nil))
		if string(decision.Value) != `"x"` || decision.Code != CodeInvalidArgument || !errors.Is(err, ErrInvalidArgument) {
			wrong = append(wrong, fmt.Sprintf("%s: %+v, %v", name, decision, err))
		}
		if new(Switch).On(user) {
			wrong = append(wrong, name+": the zero switch is on")
		}
	}
	// What the calls took is freed, which calls the library too.
	for range 5 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	return wrong
}

// wrongWithZeroMethods calls every method there is, and says which of them returns another error than it should.
func wrongWithZeroMethods() (wrong []string) {
	type outcome struct {
		err  error
		said string
	}
	fine := outcome{}
	closed := outcome{ErrClosed, "closed"}
	noClient := outcome{ErrInvalidArgument, "the client was not made by New"}
	noUser := outcome{ErrInvalidArgument, `"x": the user was not made by NewUser`}
	for _, zero := range []struct {
		value     func() any
		usually   outcome
		otherwise map[string]outcome
	}{
		{func() any { return new(Client) }, noClient, map[string]outcome{
			"Bool": fine, "Number": fine, "Text": fine, "JSON": fine, "Close": fine, "CloseWithin": fine}},
		{func() any { return new(User) }, noUser, map[string]outcome{"Err": fine}},
		{func() any { return new(Switch) }, fine, nil},
		{func() any { return new(Decisions) }, closed, map[string]outcome{
			"Len": fine, "Each": fine, "Expose": {ErrInvalidArgument, "none of these"}, "Close": fine}},
		{func() any { return new(Assignments) }, closed, map[string]outcome{"Err": fine, "Close": fine}},
		{func() any { return (*Assignments)(nil) }, fine, nil},
	} {
		kind := reflect.TypeOf(zero.value())
		for at := range kind.NumMethod() {
			method := kind.Method(at)
			wanted, ok := zero.otherwise[method.Name]
			if !ok {
				wanted = zero.usually
			}
			value := zero.value()
			for range 2 { // for what the first call might have changed
				err := errorOf(method.Func, value)
				if !errors.Is(err, wanted.err) || err != nil && !strings.Contains(err.Error(), wanted.said) {
					wrong = append(wrong, fmt.Sprintf("%s.%s: %v", kind, method.Name, err))
				}
			}
		}
	}
	return wrong
}

// errorOf calls a method with a text "x" where it takes one and zero values otherwise, and gives the error that it
// returns, or that the user has whom it returns.
func errorOf(method reflect.Value, receiver any) (err error) {
	arguments := []reflect.Value{reflect.ValueOf(receiver)}
	for at := 1; at < method.Type().NumIn(); at++ {
		argument := reflect.New(method.Type().In(at)).Elem()
		if argument.Type() == reflect.TypeFor[string]() {
			argument.SetString("x")
		}
		arguments = append(arguments, argument)
	}
	call := method.Call
	if method.Type().IsVariadic() {
		call = method.CallSlice
	}
	for _, answer := range call(arguments) {
		switch answer := answer.Interface().(type) {
		case error:
			err = answer
		case *User:
			err = answer.Err()
		}
	}
	return err
}
