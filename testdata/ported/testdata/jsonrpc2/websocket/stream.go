// Package websocket has JSON-RPC 2.0 objects as messages of this library.
package websocket

import (
	"context"
	"errors"
	"io"

	"hawser/websocket"
)

// ObjectStream is a jsonrpc2.ObjectStream.
type ObjectStream struct{ c *websocket.Conn }

func NewObjectStream(c *websocket.Conn) ObjectStream { return ObjectStream{c} }

func (s ObjectStream) WriteObject(v any) error {
	return websocket.WriteJSON(context.Background(), s.c, v)
}

func (s ObjectStream) ReadObject(v any) error {
	err := websocket.ReadJSON(context.Background(), s.c, v)
	var end *websocket.CloseError
	if errors.As(err, &end) && end.Code == websocket.CodeAbnormal {
		return io.ErrUnexpectedEOF // which jsonrpc2 doesn't log
	}
	return err
}

func (s ObjectStream) Close() error { return s.c.CloseNow() }
