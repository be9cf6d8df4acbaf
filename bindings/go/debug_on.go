//go:build flagstay_debug

package flagstay

import "runtime"

// For tests that have to know how slow they are.
const collectsWhenDebugging = true

// collectGarbageWhenDebugging runs before native calls and inside store callbacks of programs built with the tag
// flagstay_debug: a handle that is not kept alive is then freed at once, and the mistake shows in a test.
func collectGarbageWhenDebugging() {
	runtime.GC()
	runtime.Gosched() // to the cleanups
}
