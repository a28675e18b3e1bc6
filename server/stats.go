package server

import (
	"errors"
	"io"
	"maps"
	"net"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// Stats is what a [Server] has counted since it began. Its JSON form is fit for
// [expvar.Func].
//
// Refused has the reasons "request" (it isn't a proper opening handshake), "origin",
// "check" ([Server.Check] said no), "connections", "address" and "handshakes" (the
// limits [Server.MaxConns], [Server.MaxConnsPerAddr] and [Server.MaxHandshakes]),
// "closing" (a Shutdown has begun), "tls" (the handshake of TLS failed, on
// [Server.Serve]) and "server" (a fault on this side).
//
// Failed has the kinds "protocol" (the peer broke it), "ping timeout", "write
// timeout", "close timeout", "end of stream" (without a Close frame), "network",
// "cut off" (by [websocket.Conn.CloseNow]) and "other".
type Stats struct {
	Open       int                   `json:"open"`       // connections that are open now
	Handshakes int                   `json:"handshakes"` // that are under way now
	Opened     uint64                `json:"opened"`     // connections
	Refused    map[string]uint64     `json:"refused"`    // handshakes, by reason
	Closed     map[frame.Code]uint64 `json:"closed"`     // connections, by the code of who began to close, 1006 for none
	Failed     map[string]uint64     `json:"failed"`     // connections that ended with an error, by its kind
	Dropped    uint64                `json:"dropped"`    // messages that didn't fit into a queue
}

// Stats returns what was counted up to now. The maps are the caller's.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := &s.count
	return Stats{
		Open:       len(s.conns),
		Handshakes: s.load.handshakes,
		Opened:     n.opened,
		Refused:    maps.Clone(n.refused),
		Closed:     maps.Clone(n.closed),
		Failed:     maps.Clone(n.failed),
		Dropped:    n.dropped,
	}
}

// counters are the totals of Stats. They are under Server.mu.
type counters struct {
	opened, dropped uint64
	refused, failed map[string]uint64
	closed          map[frame.Code]uint64
}

// The reasons of Stats.Refused.
const (
	reasonRequest    = "request"
	reasonOrigin     = "origin"
	reasonCheck      = "check"
	reasonConns      = "connections"
	reasonAddr       = "address"
	reasonHandshakes = "handshakes"
	reasonClosing    = "closing"
	reasonTLS        = "tls"
	reasonServer     = "server"
)

func (n *counters) refuse(reason string) { increment(&n.refused, reason) }

func (n *counters) end(e *websocket.CloseError, failed string) {
	increment(&n.closed, finalCode(e))
	if failed != "" {
		increment(&n.failed, failed)
	}
}

func increment[K comparable](counts *map[K]uint64, key K) {
	if *counts == nil {
		*counts = make(map[K]uint64)
	}
	(*counts)[key]++
}

// finalCode is the code of the side that began to close.
func finalCode(e *websocket.CloseError) frame.Code {
	if e.Local && e.SentCode != 0 {
		return e.SentCode
	}
	return e.Code
}

// kind is a short name for what ended a connection, "" for nothing. It goes along the
// chain of err itself: what errors.Is and errors.As call needs more stack than is left
// below most handlers, see [Server.forget].
func kind(err error) string {
	if err == nil {
		return ""
	}
	network := false
	for ; err != nil; err = errors.Unwrap(err) {
		switch err {
		case websocket.ErrPingTimeout:
			return "ping timeout"
		case websocket.ErrWriteTimeout:
			return "write timeout"
		case websocket.ErrCloseTimeout:
			return "close timeout"
		case io.EOF, io.ErrUnexpectedEOF:
			return "end of stream"
		case net.ErrClosed:
			return "cut off"
		}
		switch err.(type) {
		case *frame.Error:
			return "protocol"
		case net.Error:
			network = true
		}
	}
	if network {
		return "network"
	}
	return "other"
}
