package websocket_test

import (
	"errors"
	"sync"
	"time"

	"hawser/websocket"
)

// recorded is a transport that notes in which order its Conn sets deadlines, ends its
// stream and closes it.
type recorded struct {
	websocket.Transport
	mu    sync.Mutex
	calls []string
}

func (r *recorded) note(call string, deadline ...time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range deadline {
		switch {
		case t.IsZero():
			call += " none"
		case time.Until(t) <= 0:
			call += " past"
		default:
			call += " later"
		}
	}
	r.calls = append(r.calls, call)
}

// take returns what was noted since the last time.
func (r *recorded) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}

func (r *recorded) SetReadDeadline(t time.Time) error {
	r.note("read deadline", t)
	return r.Transport.SetReadDeadline(t)
}

func (r *recorded) SetWriteDeadline(t time.Time) error {
	r.note("write deadline", t)
	return r.Transport.SetWriteDeadline(t)
}

func (r *recorded) CloseWrite() error {
	r.note("end")
	return r.Transport.(interface{ CloseWrite() error }).CloseWrite()
}

func (r *recorded) Close() error {
	r.note("close")
	return r.Transport.Close()
}

// hidden is a transport below something that doesn't hand on CloseWrite, as many
// listeners that wrap connections don't.
type hidden struct{ websocket.Transport }

// refusing is one that hands it on to something that can't.
type refusing struct{ websocket.Transport }

func (refusing) CloseWrite() error { return errors.ErrUnsupported }

// wrappings are the kinds of transports that a connection may end on.
var wrappings = map[string]func(websocket.Transport) websocket.Transport{
	"CloseWrite":         func(t websocket.Transport) websocket.Transport { return t },
	"no CloseWrite":      func(t websocket.Transport) websocket.Transport { return hidden{t} },
	"CloseWrite refuses": func(t websocket.Transport) websocket.Transport { return refusing{t} },
}
