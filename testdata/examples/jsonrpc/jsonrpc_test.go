package jsonrpc

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"testing"

	"hawser/websocket"
)

func join(t *testing.T, ofClient, ofServer map[string]Method) (client, server *Peer) {
	a, b := websocket.Pipe(websocket.Config{}, websocket.Config{})
	client, server = NewPeer(a, ofClient), NewPeer(b, ofServer)
	for _, p := range []*Peer{client, server} {
		go p.Serve(t.Context())
		t.Cleanup(func() { p.c.CloseNow() })
	}
	return client, server
}

func TestEachSideCallsTheOther(t *testing.T) {
	t.Parallel()
	var server *Peer
	ofServer := map[string]Method{
		"add": func(ctx context.Context, params json.RawMessage) (any, error) {
			var n []int
			if err := json.Unmarshal(params, &n); err != nil {
				return nil, err
			}
			sum := 0
			for _, v := range n {
				sum += v
			}
			return sum, nil
		},
		"greet": func(ctx context.Context, _ json.RawMessage) (any, error) {
			var name string
			err := server.Call(ctx, "name", nil, &name) // while the client waits
			return "hello " + name, err
		},
	}
	ofClient := map[string]Method{
		"name": func(context.Context, json.RawMessage) (any, error) { return "Ann", nil },
	}
	client, s := join(t, ofClient, ofServer)
	server = s
	var sum int
	if err := client.Call(t.Context(), "add", []int{1, 2, 3}, &sum); err != nil || sum != 6 {
		t.Error(sum, err)
	}
	var greeting string
	if err := client.Call(t.Context(), "greet", nil, &greeting); err != nil || greeting != "hello Ann" {
		t.Error(greeting, err)
	}
	var e *Error
	if err := client.Call(t.Context(), "subtract", nil, nil); !errors.As(err, &e) || e.Code != -32601 {
		t.Error(err)
	}
	if err := client.Call(t.Context(), "add", "words", nil); !errors.As(err, &e) || e.Code != -32000 {
		t.Error(err)
	}
}

func TestTheEndAnswersWhoWaits(t *testing.T) {
	t.Parallel()
	var client *Peer
	client, _ = join(t, nil, map[string]Method{
		"hang up": func(ctx context.Context, _ json.RawMessage) (any, error) {
			client.c.CloseNow()
			<-ctx.Done()
			return nil, nil
		},
	})
	if err := client.Call(t.Context(), "hang up", nil, nil); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
