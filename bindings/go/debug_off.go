//go:build !flagstay_debug

package flagstay

// For tests that have to know how slow they are.
const collectsWhenDebugging = false

func collectGarbageWhenDebugging() {}
