// Package jsonrpc is JSON-RPC 2.0 over a connection, in both directions at once:
// each side may call the other.
package jsonrpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"hawser/websocket"
)

// Error is an error that the other side returned.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return fmt.Sprintf("jsonrpc: %s (%d)", e.Message, e.Code) }

// Method is what the other side may call.
type Method func(ctx context.Context, params json.RawMessage) (any, error)

// Peer is one side of a conversation.
type Peer struct {
	c       *websocket.Conn
	methods map[string]Method

	mu      sync.Mutex // for what follows
	last    int64
	pending map[int64]chan *message
}

type message struct {
	Version string          `json:"jsonrpc"`
	ID      *int64          `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
}

// NewPeer returns a side that answers methods, once it's served.
func NewPeer(c *websocket.Conn, methods map[string]Method) *Peer {
	return &Peer{c: c, methods: methods, pending: make(map[int64]chan *message)}
}

// Serve reads until the connection ends. It returns nil after a normal close.
func (p *Peer) Serve(ctx context.Context) error {
	defer p.c.CloseNow()
	for m, err := range p.c.Messages(ctx) {
		if err != nil {
			return err
		}
		var params json.RawMessage
		in := message{Params: &params}
		switch err := json.Unmarshal(m.Data, &in); {
		case err != nil:
			return p.c.Close(websocket.CodePolicyViolation, "not JSON-RPC")
		case in.Method != "":
			// In a goroutine of its own: a slow method holds up no other, and may
			// call back. What is kept of m is a copy, made by json.
			go p.answer(ctx, in.ID, in.Method, params)
		case in.ID != nil:
			p.answered(&in)
		}
	}
	return nil
}

func (p *Peer) answer(ctx context.Context, id *int64, name string, params json.RawMessage) {
	out := message{Version: "2.0", ID: id}
	method, ok := p.methods[name]
	if !ok {
		out.Error = &Error{-32601, "method not found: " + name}
	} else if result, err := method(ctx, params); err != nil {
		out.Error = &Error{-32000, err.Error()}
	} else if out.Result, err = json.Marshal(result); err != nil {
		out.Error = &Error{-32603, err.Error()}
	}
	if id != nil { // else it's a notification
		websocket.WriteJSON(ctx, p.c, out)
	}
}

func (p *Peer) answered(in *message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ch := p.pending[*in.ID]; ch != nil {
		delete(p.pending, *in.ID)
		ch <- in
	}
}

// Call calls a method of the other side and parses what it returns into result,
// unless that is nil. Somebody must be in Serve meanwhile.
func (p *Peer) Call(ctx context.Context, method string, params, result any) error {
	ch := make(chan *message, 1)
	p.mu.Lock()
	p.last++
	id := p.last
	p.pending[id] = ch
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.pending, id)
	}()
	if err := websocket.WriteJSON(ctx, p.c, message{Version: "2.0", ID: &id, Method: method, Params: params}); err != nil {
		return err
	}
	select {
	case in := <-ch:
		switch {
		case in.Error != nil:
			return in.Error
		case result != nil:
			return json.Unmarshal(in.Result, result)
		}
		return nil
	case <-p.c.Done():
		return errors.Join(errors.New("jsonrpc: no answer"), p.c.Err())
	case <-ctx.Done():
		return ctx.Err()
	}
}
