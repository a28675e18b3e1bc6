package websocket_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	c, s := tcpPair(t, large, large)
	type point struct{ X, Y int }
	if err := websocket.WriteJSON(ctx, c, point{1, 2}); err != nil {
		t.Fatal(err)
	}
	c.Write(ctx, websocket.Text, []byte("{"))
	var got point
	if err := websocket.ReadJSON(ctx, s, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(point{1, 2}, got); diff != "" {
		t.Error(diff)
	}
	var syntax *json.SyntaxError
	if err := websocket.ReadJSON(ctx, s, &got); !errors.As(err, &syntax) || s.Err() != nil {
		t.Error(err)
	}
	if err := websocket.WriteJSON(ctx, c, func() {}); err == nil {
		t.Error("a func was written as JSON")
	}
	c.CloseNow()
	closeError(t, websocket.ReadJSON(ctx, c, &got))
}
