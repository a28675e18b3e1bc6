// The limits of a connection and their defaults. A Config with its defaults is shared
// by connections and never changes.

package websocket

import (
	"math"
	"sync/atomic"
	"time"

	"hawser/websocket/frame"
)

// The defaults that the zero [Config] stands for.
const (
	DefaultMaxMessage   = 1 << 20 // bytes
	DefaultMaxFragments = 1 << 17
	DefaultMaxQueue     = 1 << 20          // bytes
	DefaultPingInterval = 30 * time.Second // of servers; clients send no pings
	DefaultPingTimeout  = 20 * time.Second
	DefaultWriteTimeout = 30 * time.Second
	DefaultCloseTimeout = 5 * time.Second
)

// Config has the limits of a connection. The zero value is safe on the open
// internet: every limit is on but for IdleTimeout, and for the pings of a client. A
// negative value turns a limit off.
type Config struct {
	// MaxMessage is the size in bytes of the longest message to receive, inflated if
	// it's compressed. A longer one ends the connection with code 1009, as soon as a
	// frame header announces it or it inflates to more. 0 is [DefaultMaxMessage], 1
	// MiB. See [Conn.SetMaxMessage].
	MaxMessage int64
	// MaxFragments is the number of frames that a message to receive may come
	// in, empty ones included. One more ends the connection with code 1008. 0 is
	// [DefaultMaxFragments], 131072.
	MaxFragments int
	// MaxQueue is the number of bytes that messages of [Conn.Post] may hold while they
	// wait for a slow peer: their frames, of a compressed one also the last bytes of
	// the message, as many as the window has, and 128 bytes for each. 0 is
	// [DefaultMaxQueue], 1 MiB.
	MaxQueue int

	// Compression is off if it's nil, the default. It has to be given to both sides: what the
	// opening handshake doesn't agree on isn't used.
	Compression *Compression

	// PingInterval is how long a peer may be silent, while somebody reads,
	// before it's sent a ping, and PingTimeout how long it may be silent after
	// that. Any byte received is a sign of life. A peer that gives none is gone:
	// the connection ends with [ErrPingTimeout]. A PingInterval of 0 is
	// [DefaultPingInterval], 30 seconds, for servers, and no pings for clients; a
	// PingTimeout of 0 is [DefaultPingTimeout], 20 seconds.
	PingInterval, PingTimeout time.Duration
	// WriteTimeout is how long a peer may take to accept the next 64 KiB. If it
	// takes longer the connection ends with [ErrWriteTimeout]. 0 is
	// [DefaultWriteTimeout], 30 seconds.
	WriteTimeout time.Duration
	// CloseTimeout bounds the closing handshake, that is, every call of
	// [Conn.Close] and the end of every connection. 0 is [DefaultCloseTimeout], 5
	// seconds.
	CloseTimeout time.Duration
	// IdleTimeout is how long the peer may go without beginning a message, while
	// somebody reads, before the connection is closed with code 1001 and the
	// reason "idle". Pings and pongs don't count. 0, the default, is for ever: who has
	// nothing to say but answers pings is welcome.
	IdleTimeout time.Duration

	// Trace has functions to be called for each frame. Nil, the default, is none.
	Trace *Trace
}

// lastConfig is the one that was used last, for most connections have the same.
var lastConfig [2]atomic.Pointer[sharedConfig]

type sharedConfig struct{ given, full Config }

// withDefaults returns c with all values that are used as they are.
func (c *Config) withDefaults(role frame.Role) *Config {
	last := &lastConfig[role]
	s := last.Load()
	if s == nil || s.given != *c {
		s = &sharedConfig{*c, *c}
		s.full.fill(role == frame.Server)
		last.Store(s)
	}
	return &s.full
}

func (c *Config) fill(server bool) {
	c.MaxMessage = limit(c.MaxMessage, DefaultMaxMessage, math.MaxInt64)
	c.MaxFragments = limit(c.MaxFragments, DefaultMaxFragments, math.MaxInt)
	c.MaxQueue = limit(c.MaxQueue, DefaultMaxQueue, math.MaxInt)
	if c.PingInterval == 0 && !server {
		c.PingInterval = -1
	}
	c.PingInterval = limit(c.PingInterval, DefaultPingInterval, 0)
	c.PingTimeout = limit(c.PingTimeout, DefaultPingTimeout, math.MaxInt64)
	c.WriteTimeout = limit(c.WriteTimeout, DefaultWriteTimeout, 0)
	c.CloseTimeout = limit(c.CloseTimeout, DefaultCloseTimeout, math.MaxInt64)
	c.IdleTimeout = limit(c.IdleTimeout, 0, 0)
}

func limit[T int | int64 | time.Duration](v, zero, negative T) T {
	switch {
	case v == 0:
		return zero
	case v < 0:
		return negative
	}
	return v
}
