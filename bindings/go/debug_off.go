//go:build !flagstay_debug

package flagstay

func collectGarbageWhenDebugging() {}
