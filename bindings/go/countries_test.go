package flagstay

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"
)

func TestACountryResolverThatMisbehavesIsAnUnknownCountry(t *testing.T) {
	for name, wrong := range misbehaviours {
		host := &hostCountries{resolver: func(string) (string, error) { return "DE", wrong.act() }}
		for range 50 {
			answer := host.find("8.8.8.8")
			said := strings.ToValidUTF8(answer.problem, "\uFFFD")
			if answer.text != nil || said == "" || !strings.Contains(said, wrong.said) {
				t.Fatalf("%s: %+v", name, answer)
			}
		}
	}
	host := &hostCountries{resolver: func(string) (string, error) { return "D\xff", nil }}
	if answer := host.find("8.8.8.8"); answer.text != nil || !strings.Contains(answer.problem, "UTF-8") {
		t.Errorf("%+v", answer)
	}
	host.resolver = func(string) (string, error) { return "", nil }
	if answer := host.find("8.8.8.8"); answer.text != nil || answer.problem != "" {
		t.Errorf("an unknown country: %+v", answer)
	}
}

func TestACountryResolverIsLetGoOnceWithItsClient(t *testing.T) {
	held := heldByLibrary.Load()
	resolver := func(string) (string, error) { return "DE", nil }
	client := newClient(t, Config{Ruleset: json.RawMessage(exampleRuleset), CountryResolver: resolver, CustomStore: newMapStore()})
	if heldByLibrary.Load() != held+2 {
		t.Errorf("%d are held", heldByLibrary.Load()-held)
	}
	if client.Text("colour", NewUser("u"), "") != "grey" || client.Bool("new-checkout", NewUser("u"), true) {
		t.Error("another decision")
	}
	for range 2 {
		client.Close()
		if heldByLibrary.Load() != held {
			t.Errorf("%d are held", heldByLibrary.Load()-held)
		}
	}
	if _, err := New(Config{Ruleset: json.RawMessage("{"), CountryResolver: resolver}); err == nil || heldByLibrary.Load() != held {
		t.Errorf("%v, %d are held", err, heldByLibrary.Load()-held)
	}
	if _, err := New(Config{Dialect: "esperanto", CountryResolver: resolver}); !errors.Is(err, ErrInvalidConfig) || heldByLibrary.Load() != held {
		t.Errorf("%v, %d are held", err, heldByLibrary.Load()-held)
	}
	if err := new(Client).setCountries(resolver); !errors.Is(err, ErrInvalidArgument) || heldByLibrary.Load() != held {
		t.Errorf("%v, %d are held", err, heldByLibrary.Load()-held)
	}
}

func TestAForgottenClientLetsGoOfItsCountryResolver(t *testing.T) {
	held := heldByLibrary.Load()
	for range 20 {
		if _, err := New(Config{CountryResolver: func(string) (string, error) { return "", nil }}); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		runtime.GC()
		if heldByLibrary.Load() == held {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d are still held", heldByLibrary.Load()-held)
}
