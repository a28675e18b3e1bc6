// Package signals has the signals that not every system has.
//
// It is internal as only the programs need it: a library doesn't touch signals.
package signals

import "os"

// Those for a terminal that went away and for a pipe that nobody reads: one each, or
// none where the system has no such signal.
var (
	Hangup []os.Signal
	Pipe   []os.Signal
)
