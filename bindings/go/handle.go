package flagstay

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

// shared is a native handle that may be closed while calls are using it: the last of them frees it then. No call waits
// for another, so a callback that is inside a call may close what that call is using.
type shared struct {
	native unsafe.Pointer
	free   func(native unsafe.Pointer)
	// The owner counts as one until it closes, and each running call as another.
	users   atomic.Int64
	closed  atomic.Bool
	cleanup runtime.Cleanup
}

// own takes a handle over for its owner, the value that shared is a part of. A handle that nobody closes is freed with
// the owner.
func own[T any](owner *T, s *shared, native unsafe.Pointer, free func(native unsafe.Pointer)) {
	s.native, s.free = native, free
	s.users.Store(1)
	s.cleanup = runtime.AddCleanup(owner, free, native)
}

// borrow gives the handle until it is given back; false: it has been closed.
func (s *shared) borrow() (native unsafe.Pointer, open bool) {
	for !s.closed.Load() {
		users := s.users.Load()
		if users == 0 {
			break
		}
		if s.users.CompareAndSwap(users, users+1) {
			return s.native, true
		}
	}
	return nil, false
}

func (s *shared) giveBack() {
	if s.users.Add(-1) == 0 {
		s.free(s.native)
	}
}

// close is what the owner calls; a second time does nothing.
func (s *shared) close() {
	if s.closed.CompareAndSwap(false, true) {
		s.cleanup.Stop()
		s.giveBack()
	}
}
