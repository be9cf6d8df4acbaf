package flagstay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"time"
)

// How much the process may grow after it has warmed up, in bytes. A leak of one byte for each decision shows. Under the
// race detector the same calls are made for the detector's sake, but its own memory hides what is looked for here.
const allowedGrowth = 8 << 20

// resident is the resident memory of this process in bytes, after everything that can be collected has been.
func resident(t *testing.T) int64 {
	t.Helper()
	for range 3 {
		runtime.GC()
		time.Sleep(20 * time.Millisecond) // cleanups run beside
	}
	debug.FreeOSMemory()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(string(bytes.Fields(statm)[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// amount is a number from the environment, for longer and shorter runs.
func amount(t *testing.T, variable string, usually int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usually
	}
	number, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return number
}

// growth does work `warm` times, then `count` times more, and reports by how many bytes the latter made the process
// grow. It ends early when time is up, and says how often the work was done.
func growth(t *testing.T, warm, count int, limit time.Duration, work func(n int)) (grown int64, done int) {
	t.Helper()
	for n := range warm {
		work(n)
	}
	before := resident(t)
	for end := time.Now().Add(limit); done < count; done++ {
		if done%256 == 0 && time.Now().After(end) {
			break
		}
		work(done)
	}
	return resident(t) - before, done
}

func TestClientsThatAreMadeAndClosedLeaveNothingBehind(t *testing.T) {
	count := amount(t, "FLAGSTAY_TEST_CLIENTS", 10_000)
	count = min(count, paced(count, 200, 50))
	user := NewUser("u").Set("plan", "pro")
	grown, done := growth(t, min(count, 500), count, 30*time.Second, func(n int) {
		// A small queue, so that what malloc keeps for the next client does not hide a leak.
		config := Config{Ruleset: json.RawMessage(exampleRuleset), Events: EventsConfig{Capacity: 16}}
		if n%2 == 0 {
			config.CustomStore = newMapStore()
		}
		client, err := New(config)
		if err != nil {
			t.Fatal(err)
		}
		client.Evaluate("experiment", user)
		if n%3 == 0 {
			if all, err := client.All(user); err != nil || all.Len() != 5 {
				t.Fatal(err)
			}
		}
		if n%2 == 0 || n%5 == 0 {
			client.Close() // the others are left to the garbage collector
		}
	})
	t.Logf("%d clients: %+d KiB", done, grown>>10)
	if grown > allowedGrowth && !raceDetector {
		t.Errorf("%d clients left %d bytes each behind", done, grown/int64(done))
	}
}

func TestClientsThatNobodyClosesAreFreedInTime(t *testing.T) {
	most := int64(0)
	for range paced(1000, 1000, 100) {
		if _, err := New(Config{Ruleset: json.RawMessage(exampleRuleset)}); err != nil {
			t.Fatal(err)
		}
		most = max(most, nativeClients.count.Load())
	}
	if most > 500 {
		t.Errorf("%d clients waited to be freed", most)
	}
}

func TestSwitchesThatAreMadeAndDroppedLeaveNothingBehind(t *testing.T) {
	count := amount(t, "FLAGSTAY_TEST_DECISIONS", 1_000_000)
	count = min(count, paced(count, 100_000, 128))
	client := exampleClient(t, nil)
	user := NewUser("u").Set("plan", "pro")
	grown, done := growth(t, min(count, 200_000), count, 30*time.Second, func(n int) {
		prepared, err := client.PrepareSwitch("new-checkout", false)
		if err != nil || !prepared.On(user) {
			t.Fatal(err)
		}
		if n%2 == 0 {
			prepared.Close() // the others are just forgotten
		}
		if n%1024 == 0 {
			runtime.GC() // so that what malloc keeps for many at once does not hide a leak
		}
		if _, err := client.PrepareSwitch("\xff", false); err == nil {
			t.Fatal("prepared")
		}
	})
	t.Logf("%d switches: %+d KiB", done, grown>>10)
	if grown > allowedGrowth && !raceDetector {
		t.Errorf("%d switches left %d bytes each behind", done, grown/int64(done))
	}
}

func TestDecisionsLeaveNothingBehind(t *testing.T) {
	count := amount(t, "FLAGSTAY_TEST_DECISIONS", 10_000_000)
	count = min(count, paced(count, 200_000, 128))
	plain := exampleClient(t, nil)
	sticky := exampleClient(t, newMapStore())
	failing := newMapStore()
	failing.onGet = func(string, string) (json.RawMessage, error) { return nil, fmt.Errorf("no") }
	failed := exampleClient(t, failing)
	user := NewUser("u").Set("plan", "pro")
	// The collector and malloc settle within the first million; what they keep until then is no growth. Fewer decisions
	// than that are made twice.
	grown, done := growth(t, min(count, 1_000_000), count, 35*time.Second, func(n int) {
		switch n % 16 {
		case 0:
			plain.Evaluate("colour", NewUser("u").Set("plan", "pro"))
		case 1:
			sticky.Evaluate("experiment", user)
		case 2:
			failed.Evaluate("experiment", user)
		case 3:
			plain.Evaluate("missing", user, Default(n))
		case 4:
			plain.Text("colour", user, "")
		case 5:
			plain.JSON("layout", user, nil)
		case 6:
			sticky.Bool("new-checkout", user, false)
		case 7:
			if n%1024 == 7 || collectsWhenDebugging {
				sticky.Peek("u", "experiment")
				plain.Explain("colour", user)
				plain.Status()
				plain.Update([]byte("{"))
				if all, err := plain.All(user); err == nil {
					all.Get("colour")
				}
				if held, err := sticky.LoadAssignments(user, "userID"); err == nil {
					plain.Evaluate("colour", user, WithAssignments(held), WithDetails())
				}
				plain.Track("purchase", user, TrackOptions{})
				plain.DrainEvents(10)
			}
			plain.Evaluate("\xff", user)
		default:
			plain.Bool("new-checkout", user, false)
		}
	})
	t.Logf("%d decisions: %+d KiB", done, grown>>10)
	if grown > allowedGrowth && !raceDetector {
		t.Errorf("%d decisions left %.1f bytes each behind", done, float64(grown)/float64(done))
	}
}
