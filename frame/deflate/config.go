package deflate

import "fmt"

// MinWindowBits and MaxWindowBits bound the LZ77 window that can be agreed on
// (RFC 7692 section 7.1.2).
const (
	MinWindowBits = 8
	MaxWindowBits = 15
)

// Level is how much an encoder does for a smaller output. Every level is
// understood by every decoder.
type Level uint8

// Fast looks at one earlier place for each repetition. Better looks at several
// and at the next byte too; it takes about two to three times as long.
const (
	Fast Level = iota
	Better
)

// Config is what both sides agreed on for the messages of one direction, and
// how the sending side goes about it. The zero value is without context
// takeover, with the largest window, fast.
type Config struct {
	// WindowBits is the base-2 logarithm of the window in bytes, from 8 to 15;
	// 0 means 15. An encoder never refers further back, and a decoder takes a
	// peer that does as corrupt.
	WindowBits int
	// Takeover says that a message may refer to earlier ones (context takeover).
	Takeover bool

	// Level is for encoders only.
	Level Level
	// Compact is for encoders with takeover only: between messages they keep
	// the window without its index, which takes a third to a half of the memory
	// and makes every message wait until the window is indexed anew.
	Compact bool
}

// size is that of the window in bytes. Anything but 0 and 8 to 15 is a mistake
// of the caller, since negotiation lets nothing else through.
func (c Config) size() int {
	switch {
	case c.WindowBits == 0:
		return 1 << MaxWindowBits
	case c.WindowBits < MinWindowBits || c.WindowBits > MaxWindowBits:
		panic(fmt.Sprintf("deflate: window of %d bits", c.WindowBits))
	}
	return 1 << c.WindowBits
}
