package flagstay

/*
#cgo linux LDFLAGS: -ldl
#include <stdlib.h>
#include "shim.h"

#cgo noescape fsgo_abi_version
#cgo nocallback fsgo_abi_version
*/
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// The environment variable that names the library's file.
const libraryVariable = "FLAGSTAY_LIBRARY"

// The library that this process uses. It is loaded once and stays until the process ends.
var library struct {
	loaded atomic.Bool
	mutex  sync.Mutex
	path   string
}

// Load opens the shared library, at path if that is not empty. Calling it is optional: the first [New], [NewUser] or
// [UserFromJSON] does the same with an empty path, for which these places are tried in turn:
//
//  1. the file that the environment variable FLAGSTAY_LIBRARY names; if it is set, nothing else is tried;
//  2. the folder of the running executable;
//  3. wherever the system looks for libflagstay.so.1.
//
// A library that cannot be loaded is an [ErrLibrary] that names every place tried and why it did not do; the next call
// tries again. A process has one library: once it is loaded, loading it again does nothing, and loading another path is
// an error.
func Load(path string) error {
	library.mutex.Lock()
	defer library.mutex.Unlock()
	if library.loaded.Load() {
		if path != "" && path != library.path {
			return newError(CodeLibrary, "cannot load %s: this process already uses %s", path, library.path)
		}
		return nil
	}
	var tried []string
	for _, place := range libraryPlaces(path) {
		problem := open(place)
		if problem == "" {
			library.path = place
			library.loaded.Store(true)
			return nil
		}
		tried = append(tried, fmt.Sprintf("%s (%s)", place, problem))
	}
	return newError(CodeLibrary, "libflagstay could not be loaded; tried: %s. Set %s to the path of the library",
		strings.Join(tried, "; "), libraryVariable)
}

// Version is the version of the loaded library, such as "0.1.0". It loads the library if need be.
func Version() (string, error) {
	if err := loaded(); err != nil {
		return "", err
	}
	return C.GoString(C.fsgo_version()), nil
}

// ABIVersion is the version of the loaded library's binary interface, 0 when no library could be loaded. It is the
// cheapest native call there is, which is what benchmarks want to know.
func ABIVersion() uint32 {
	if loaded() != nil {
		return 0
	}
	return uint32(C.fsgo_abi_version())
}

// loaded makes sure that the library is there. Everything that makes a handle asks; what has a handle need not.
func loaded() error {
	if library.loaded.Load() {
		return nil
	}
	return Load("")
}

// libraryPlaces are the files to try, best first. A place that somebody asked for is the only one: falling back to
// another library would hide the mistake.
func libraryPlaces(asked string) []string {
	if asked != "" {
		return []string{asked}
	}
	if named := os.Getenv(libraryVariable); named != "" {
		return []string{named}
	}
	names := []string{"libflagstay.so.1", "libflagstay.so"}
	if runtime.GOOS == "darwin" {
		names = []string{"libflagstay.1.dylib", "libflagstay.dylib"}
	}
	var places []string
	if executable, err := os.Executable(); err == nil {
		if resolved, err := filepath.EvalSymlinks(executable); err == nil {
			executable = resolved
		}
		for _, name := range names {
			places = append(places, filepath.Join(filepath.Dir(executable), name))
		}
	}
	return append(places, names...)
}

// open fills the function table from the library at a place, and says why where that does not work.
func open(place string) (problem string) {
	if strings.ContainsRune(place, 0) {
		return "a path cannot contain a NUL"
	}
	path := C.CString(place)
	defer C.free(unsafe.Pointer(path))
	said := make([]byte, 1024)
	buffer := (*C.char)(unsafe.Pointer(&said[0]))
	if C.fsgo_load(path, buffer, C.size_t(len(said))) == 0 {
		return ""
	}
	return C.GoString(buffer)
}
