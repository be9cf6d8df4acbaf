package flagstay

/*
#include "shim.h"
*/
import "C"

import "strconv"

// Kind is what a flag is. On Statsig flags of several kinds may share a name; all other platforms have flags, and no
// kinds.
type Kind string

// The kinds. A newer library may know more.
const (
	// KindAny: in a call, whatever has the name; in a [Decision], the platform has no kinds.
	KindAny Kind = ""
	// KindGate: a switch that users pass or do not pass.
	KindGate Kind = "gate"
	// KindConfig: a dynamic config, an object chosen by rules.
	KindConfig Kind = "config"
	// KindExperiment: an object for each of the experiment's groups.
	KindExperiment Kind = "experiment"
	// KindLayer: parameters that experiments share, each user being in one of them at most.
	KindLayer Kind = "layer"
)

// The kinds by their numbers.
var kinds = [...]Kind{
	C.FLAGSTAY_KIND_ANY:        KindAny,
	C.FLAGSTAY_KIND_GATE:       KindGate,
	C.FLAGSTAY_KIND_CONFIG:     KindConfig,
	C.FLAGSTAY_KIND_EXPERIMENT: KindExperiment,
	C.FLAGSTAY_KIND_LAYER:      KindLayer,
}

func kindOf(number C.int32_t) Kind {
	if number >= 0 && int(number) < len(kinds) {
		return kinds[number]
	}
	return Kind("KIND_" + strconv.Itoa(int(number)))
}

func (k Kind) number() (C.int32_t, error) {
	for number, kind := range kinds {
		if kind == k {
			return C.int32_t(number), nil
		}
	}
	return 0, newError(CodeInvalidArgument, "there is no kind %q", string(k))
}
