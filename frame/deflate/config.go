package deflate

import "fmt"

// MinWindowBits and MaxWindowBits are the smallest and the largest window that can be
// agreed on (RFC 7692 section 7.1.2), as base-2 logarithms of bytes: 256 bytes and 32 KiB.
const (
	MinWindowBits = 8
	MaxWindowBits = 15
)

// Level says how much work an encoder does for a smaller output. What each level makes is
// understood by every decoder.
type Level uint8

// Fast compares with one earlier place for each repetition and is the default. Better
// compares with several, and looks whether the next byte begins a longer repetition; it
// takes two to three times as long.
const (
	Fast Level = iota
	Better
)

// Config has what both sides agreed on for the messages of one direction, and how the
// sending side goes about it. The zero value is the largest window, no context takeover
// and the level Fast.
type Config struct {
	// WindowBits is the base-2 logarithm of the window in bytes, from 8 to 15; 0 means
	// 15. An encoder never refers further back; a payload that does is corrupt for a
	// decoder.
	WindowBits int
	// Takeover says that a message may refer to earlier ones: context takeover (RFC
	// 7692 section 7.1.1). Encoder and Decoder then hold a window between messages. The
	// default is false.
	Takeover bool

	// Level is for encoders only. The default is Fast.
	Level Level
	// Compact is for encoders with takeover only: between messages they hold the window
	// without its index, which takes a third to two thirds of the memory, and each
	// message waits until the index is made anew. The default is false.
	Compact bool
}

// size returns the size of the window in bytes. It panics unless WindowBits is 0 or 8 to
// 15: negotiation lets nothing else through, so it is a mistake of the caller.
func (c Config) size() int {
	switch {
	case c.WindowBits == 0:
		return 1 << MaxWindowBits
	case c.WindowBits < MinWindowBits || c.WindowBits > MaxWindowBits:
		panic(fmt.Sprintf("websocket: compression window of %d bits, not of 8 to 15", c.WindowBits))
	}
	return 1 << c.WindowBits
}
