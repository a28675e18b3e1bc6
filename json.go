// The API: messages of JSON, on top of Read and Write.

package websocket

import (
	"context"
	"encoding/json"
	"fmt"
)

// ReadJSON reads the next message and parses it into v, which
// [encoding/json.Unmarshal] describes. A message that isn't JSON is an error of
// package json, and leaves the connection as it is.
func ReadJSON(ctx context.Context, c *Conn, v any) error {
	_, p, err := c.Read(ctx)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(p, v); err != nil {
		return fmt.Errorf("websocket: message of %d bytes: %w", len(p), err)
	}
	return nil
}

// WriteJSON writes v as a text message of JSON.
func WriteJSON(ctx context.Context, c *Conn, v any) error {
	p, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	return c.Write(ctx, Text, p)
}
