// Package flagstay decides feature flags and experiments inside your process, with the same answer as in every other
// language flagstay speaks, and keeps each user where they were put.
//
//	client, err := flagstay.New(flagstay.Config{RulesetFile: "flags.json", Store: "sqlite:assignments.db"})
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//
//	user := flagstay.NewUser("user-1").Set("plan", "pro")
//	if client.Bool("new-checkout", user, false) {
//		// …
//	}
//
// A flag that is asked again and again is prepared once, as a [Switch].
//
// # The library
//
// The package is a thin layer over the shared library libflagstay, which it opens at run time; see [Load] for the
// places where it looks. It needs cgo and a C compiler to build, and nothing to link against.
//
// # Goroutines
//
// A [Client] and a [Switch] are for sharing: all their methods may be called from any number of goroutines at once. A
// [User] is built by one goroutine and may then be read by many. Calls take no lock that they share with each other.
//
// # Errors
//
// Every error of this package is an *[Error], which says in words what is wrong and where, and matches one of the Err…
// values by [errors.Is]. An evaluation that fails still answers the caller's default. No call of this package panics
// because of what it was given, and a [Store] or a [CountryResolver] that returns errors, panics or ends its goroutine
// never fails a decision.
//
// # Memory
//
// Clients, switches, users, assignments and the decisions for all flags hold native memory, which the garbage collector
// gives back with them. Close clients all the same: that is what lets go of the store. Texts and JSON that a call returns
// are the caller's own.
package flagstay
