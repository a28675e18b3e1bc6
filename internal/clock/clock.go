// Package clock has the clock of the timeouts of a connection: a number, which is smaller
// than a [time.Time], can be written atomically, and is read in half the time. It's
// internal because the time of day is what everybody else needs.
package clock

import (
	"math"
	"time"
)

var started = time.Now()

// Now is a clock for measuring, in nanoseconds. It's always positive, also by the
// clock of a test that has its own.
func Now() int64 { return 1<<62 + int64(time.Since(started)) }

// After returns the time after d, or the last one there is.
func After(d time.Duration) int64 {
	if d > math.MaxInt64/4 {
		return math.MaxInt64
	}
	return Now() + int64(d)
}

// Until returns the time until t.
func Until(t int64) time.Duration { return time.Duration(t - Now()) }
