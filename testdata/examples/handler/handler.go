// Package handler is an application's handler, and shows how to test one without a
// network and without waiting.
package handler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hawser/websocket"
)

// Quiz asks a question and gives the user ten seconds to answer it.
func Quiz(ctx context.Context, c *websocket.Conn) {
	if c.Write(ctx, websocket.Text, []byte("6 times 7?")) != nil {
		return
	}
	thinking, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, answer, err := c.Read(thinking)
	switch {
	case errors.Is(err, context.DeadlineExceeded): // the connection is as it was
		c.Write(ctx, websocket.Text, []byte("too late"))
	case err != nil:
		return
	case string(answer) == "42":
		c.Write(ctx, websocket.Text, []byte("right"))
	default:
		c.Write(ctx, websocket.Text, fmt.Appendf(nil, "%.20s is wrong", answer))
	}
	c.Close(websocket.CodeNormal, "")
}
