package flagstay

import (
	"encoding/json"
	"time"
)

// Config is what a client is made from. The zero Config is a client of the dialect "flagstay" without a store that
// waits for its first ruleset.
type Config struct {
	// Dialect is what rulesets are written in: "flagstay" (also when empty), "vwo-fme", "vwo-fullstack", "statsig",
	// "featureflag-co" or "featbit".
	Dialect string

	// Ruleset is the first ruleset document; RulesetFile the path of one. Give at most one of them. With neither the
	// client answers defaults until the first Update.
	Ruleset     json.RawMessage
	RulesetFile string

	// Store is the URL of a built-in store: "memory:" or "sqlite:PATH". CustomStore is a store of your own. Give at
	// most one of them; with neither nothing is remembered.
	Store       string
	CustomStore Store

	// CountryResolver knows the country of an IP address; nil: nobody does, unless the dialect's options name a table. It
	// is the client's for life; to exchange its table, exchange what it looks up.
	CountryResolver CountryResolver

	// BusyTimeout is how long a decision waits for another process that is writing to the same built-in store. Zero:
	// the library's default, two seconds. Whole milliseconds count.
	BusyTimeout time.Duration
	// SlowAfter is how long a store call may take before it is counted as slow in the client's status. Zero: the
	// library's default, 50 milliseconds. Whole milliseconds count.
	SlowAfter time.Duration

	// Events says what becomes of events.
	Events EventsConfig

	// Now is a fixed clock, for tests and simulations. Zero: the system's clock.
	Now time.Time

	// Options are the dialect's own options, as its reference page has them. The values are written as JSON.
	Options map[string]any
}

// EventsConfig says what becomes of events.
type EventsConfig struct {
	// Exposures says whether decisions queue exposure events. Metric events are always queued.
	Exposures bool
	// Capacity is how many events wait to be drained at most; when there are more, the oldest leaves and is counted.
	// Zero: the library's default, 10,000.
	Capacity int
}

// configDocument is the configuration as the library reads it, except for an inline ruleset: that is handed over as it
// is, afterwards.
type configDocument struct {
	Dialect     string          `json:"dialect,omitempty"`
	RulesetFile string          `json:"ruleset_file,omitempty"`
	Store       *storeDocument  `json:"store,omitempty"`
	Events      *eventsDocument `json:"events,omitempty"`
	NowMS       *int64          `json:"now_ms,omitempty"`
	Options     map[string]any  `json:"options,omitempty"`
}

type storeDocument struct {
	URL           string `json:"url,omitempty"`
	BusyTimeoutMS int64  `json:"busy_timeout_ms,omitempty"`
	SlowMS        int64  `json:"slow_ms,omitempty"`
}

type eventsDocument struct {
	Capacity  int  `json:"capacity,omitempty"`
	Exposures bool `json:"exposures"`
}

func (c *Config) document() (json.RawMessage, error) {
	if len(c.Ruleset) > 0 && c.RulesetFile != "" {
		return nil, newError(CodeInvalidConfig, "RulesetFile: give either Ruleset or RulesetFile, not both")
	}
	document := configDocument{
		Dialect:     c.Dialect,
		RulesetFile: c.RulesetFile,
		Options:     c.Options,
	}
	store := storeDocument{
		URL:           c.Store,
		BusyTimeoutMS: c.BusyTimeout.Milliseconds(),
		SlowMS:        c.SlowAfter.Milliseconds(),
	}
	if store != (storeDocument{}) {
		document.Store = &store
	}
	if c.Events != (EventsConfig{}) {
		document.Events = &eventsDocument{Capacity: c.Events.Capacity, Exposures: c.Events.Exposures}
	}
	if !c.Now.IsZero() {
		now := c.Now.UnixMilli()
		document.NowMS = &now
	}
	return encode("the configuration", document)
}
