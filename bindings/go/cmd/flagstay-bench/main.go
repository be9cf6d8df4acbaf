// Flagstay-bench measures the Go binding and prints one line for each row: language, row, nanoseconds per decision,
// allocations per decision, and the ratio to an empty native call.
//
//	flagstay-bench RULESETS_DIR
//
// FLAGSTAY_BENCH_MS is the time spent on a row, in milliseconds (default 500).
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/flagstay/flagstay-go"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("flagstay-bench: ")
	if len(os.Args) != 2 {
		log.Println("usage: flagstay-bench RULESETS_DIR")
		os.Exit(2)
	}
	budget := 500 * time.Millisecond
	if text := os.Getenv("FLAGSTAY_BENCH_MS"); text != "" {
		milliseconds, err := strconv.Atoi(text)
		if err != nil {
			log.Fatalf("FLAGSTAY_BENCH_MS: %v", err)
		}
		budget = time.Duration(milliseconds) * time.Millisecond
	}
	table := &table{rulesets: os.Args[1], budget: budget}
	if err := table.print(); err != nil {
		log.Fatal(err)
	}
}

type table struct {
	rulesets string
	budget   time.Duration
	// Nanoseconds of an empty native call.
	empty float64
}

func (t *table) print() error {
	if err := flagstay.Load(""); err != nil {
		return err
	}
	empty := t.measure(func() { flagstay.ABIVersion() })
	t.empty = empty.nanoseconds
	t.row("empty foreign call", empty)

	user := newUser()
	rollout, err := t.client("boolean.json", "")
	if err != nil {
		return err
	}
	on, err := flagstay.Value(rollout, "rollout", user, false)
	if err != nil {
		return err
	}
	t.row("boolean 50% rollout", t.measure(func() { rollout.Bool("rollout", user, false) }))
	// With the other answer as its fallback, so that the fallback is not taken for a decision.
	prepared, err := rollout.PrepareSwitch("rollout", !on)
	if err != nil {
		return err
	}
	if prepared.On(user) != on {
		return errors.New("rollout: the prepared switch made no decision")
	}
	t.row("same, prepared switch", t.measure(func() { prepared.On(user) }))

	rules, err := t.client("three-rules.json", "")
	if err != nil {
		return err
	}
	if err := expect(rules, user, flagstay.ReasonRuleMatch); err != nil {
		return err
	}
	split := t.measure(func() { rules.Evaluate("experiment", user) })
	t.row("three rules then three-way split", split)

	sticky, err := t.client("sticky.json", "memory:")
	if err != nil {
		return err
	}
	if err := expect(sticky, user, flagstay.ReasonRuleMatch); err != nil {
		return err
	}
	if err := expect(sticky, user, flagstay.ReasonSticky); err != nil {
		return err
	}
	t.row("same, warm memory store (sticky)", t.measure(func() { sticky.Evaluate("experiment", user) }))
	t.row("user built per call", t.measure(func() { rules.Evaluate("experiment", newUser()) }))

	for _, size := range []struct {
		name  string
		flags int
	}{{"1,000 flags", 1_000}, {"10,000 flags", 10_000}} {
		many, err := t.client(fmt.Sprintf("flags-%d.json", size.flags), "")
		if err != nil {
			return err
		}
		keys := make([]string, size.flags)
		for n := range keys {
			keys[n] = fmt.Sprintf("flag-%d", n)
			if decision, err := many.Evaluate(keys[n], user); err != nil || !decision.Found {
				return fmt.Errorf("%s: %v", keys[n], err)
			}
		}
		next := 0
		t.row(size.name, t.measure(func() {
			many.Evaluate(keys[next], user)
			if next++; next == len(keys) {
				next = 0
			}
		}))
	}

	both := t.measureTwice(func() { rules.Evaluate("experiment", user) })
	fmt.Printf("go\ttwo threads\t%.1f\t-\t%.2f\n", both, split.nanoseconds/both)
	return nil
}

func (t *table) client(ruleset, store string) (*flagstay.Client, error) {
	return flagstay.New(flagstay.Config{RulesetFile: filepath.Join(t.rulesets, ruleset), Store: store})
}

// The user that every language's bench decides for.
func newUser() *flagstay.User {
	return flagstay.NewUser("user-42").Set("country", "DE").Set("plan", "pro").Set("age", 34).Set("version", "2.4.1")
}

// expect makes sure that the decision is the one that is meant to be measured.
func expect(client *flagstay.Client, user *flagstay.User, reason flagstay.Reason) error {
	decision, err := client.Evaluate("experiment", user)
	if err != nil {
		return err
	}
	if decision.Reason != reason {
		return errors.New("experiment: the reason is " + string(decision.Reason) + ", not " + string(reason))
	}
	return nil
}

type measurement struct {
	nanoseconds, allocations float64
}

func (t *table) row(name string, found measurement) {
	fmt.Printf("go\t%s\t%.1f\t%.2f\t%.2f\n", name, found.nanoseconds, found.allocations, found.nanoseconds/t.empty)
}

// A row is many short runs, of which the median counts: a run that another process takes the processor away from is
// slow by far and falls out, while what the garbage collector costs on the way stays in.
const oneRun = time.Millisecond

func (t *table) measure(work func()) measurement {
	rounds := roundsOf(work)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	taken := t.runs(func() {
		for range rounds {
			work()
		}
	})
	runtime.ReadMemStats(&after)
	return measurement{
		nanoseconds: float64(median(taken)) / float64(rounds),
		allocations: float64(after.Mallocs-before.Mallocs) / float64(rounds*len(taken)),
	}
}

// measureTwice is the wall-clock time per call of two goroutines together, in nanoseconds.
func (t *table) measureTwice(work func()) float64 {
	rounds := roundsOf(work)
	taken := t.runs(func() {
		var done sync.WaitGroup
		for range 2 {
			done.Add(1)
			go func() {
				defer done.Done()
				for range rounds {
					work()
				}
			}()
		}
		done.Wait()
	})
	return float64(median(taken)) / float64(2*rounds)
}

// runs does one run after the other until the row's time is over, and gives how long each took.
func (t *table) runs(run func()) (taken []time.Duration) {
	for end := time.Now().Add(t.budget); len(taken) == 0 || time.Now().Before(end); {
		began := time.Now()
		run()
		taken = append(taken, time.Since(began))
	}
	return taken
}

func median(taken []time.Duration) time.Duration {
	slices.Sort(taken)
	return taken[len(taken)/2]
}

// roundsOf is how often work is done in one run.
func roundsOf(work func()) int {
	for rounds := 1; ; rounds *= 2 {
		best := time.Hour
		for range 5 {
			began := time.Now()
			for range rounds {
				work()
			}
			best = min(best, time.Since(began))
		}
		if best >= oneRun/2 {
			return rounds
		}
	}
}
