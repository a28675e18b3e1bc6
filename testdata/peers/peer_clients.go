package main

import (
	"bytes"
	"context"
	"io"
	"net"

	"github.com/coder/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	gorilla "github.com/gorilla/websocket"
	"github.com/lxzan/gws"

	hawser "hawser/websocket"
	dialer "hawser/websocket/client"
)

// The clients are written as the documentation of each has it, with the defaults of
// that. Work without messages is a dial alone.

func clientHawser(w *clientWork) error {
	ctx := context.Background()
	c, _, err := (&dialer.Dialer{Config: hawser.Config{MaxMessage: max(w.max, hawser.DefaultMaxMessage)}}).Dial(ctx, w.url)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	if w.inFlight == 0 {
		return nil
	}
	batch := make([]hawser.Message, w.inFlight)
	for i := range batch {
		batch[i] = hawser.Message{Type: hawser.Binary, Data: w.payload}
	}
	return w.talk(
		func(p []byte) error { return c.Write(ctx, hawser.Binary, p) },
		func(int) error { return c.WriteBatch(ctx, batch...) },
		func() ([]byte, error) {
			_, p, err := c.Read(ctx)
			return p, err
		})
}

// clientGorilla is its examples/echo/client.go.
func clientGorilla(w *clientWork) error {
	c, _, err := gorilla.DefaultDialer.Dial(w.url, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	if w.inFlight == 0 {
		return nil
	}
	return w.talk(
		func(p []byte) error { return c.WriteMessage(gorilla.BinaryMessage, p) }, nil,
		func() ([]byte, error) {
			_, p, err := c.ReadMessage()
			return p, err
		})
}

func clientCoder(w *clientWork) error {
	ctx := context.Background()
	c, _, err := websocket.Dial(ctx, w.url, nil)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	if w.inFlight == 0 {
		return nil
	}
	c.SetReadLimit(max(w.max, 32<<10))
	return w.talk(
		func(p []byte) error { return c.Write(ctx, websocket.MessageBinary, p) }, nil,
		func() ([]byte, error) {
			_, p, err := c.Read(ctx)
			return p, err
		})
}

func clientGobwas(w *clientWork) error {
	nc, r, _, err := ws.Dial(context.Background(), w.url)
	if err != nil {
		return err
	}
	defer nc.Close()
	if w.inFlight == 0 {
		return nil
	}
	nc = buffered(nc, r)
	// WriteClientBinary masks in place: it gets a copy, as a message that is still needed.
	var copied []byte
	var together bytes.Buffer
	write := func(to io.Writer, p []byte) error {
		copied = append(copied[:0], p...)
		return wsutil.WriteClientBinary(to, copied)
	}
	return w.talk(
		func(p []byte) error { return write(nc, p) },
		func(n int) error { // its frames go to any io.Writer
			together.Reset()
			for range n {
				if err := write(&together, w.payload); err != nil {
					return err
				}
			}
			_, err := nc.Write(together.Bytes())
			return err
		},
		func() ([]byte, error) { return wsutil.ReadServerBinary(nc) })
}

// clientGWS has events instead of reads: the last echo writes the next messages.
func clientGWS(w *clientWork) error {
	h := &gwsTalker{w: w}
	c, _, err := gws.NewClient(h, &gws.ClientOption{Addr: w.url, Logger: silent{}, ReadMaxPayloadSize: int(max(16<<20, w.max))})
	if err != nil {
		return err
	}
	if w.inFlight == 0 {
		return c.NetConn().Close()
	}
	if h.write(c); h.err == nil {
		c.ReadLoop()
	}
	if h.err == nil {
		h.err = net.ErrClosed
	}
	return h.err
}

type gwsTalker struct {
	gws.BuiltinEventHandler
	w    *clientWork
	n    int // echoes since the last write
	late bool
	err  error
}

func (h *gwsTalker) write(c *gws.Conn) {
	for range h.w.inFlight {
		if h.err = c.WriteMessage(gws.OpcodeBinary, h.w.payload); h.err != nil {
			return
		}
	}
}

func (h *gwsTalker) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	if h.err = h.w.check(m.Bytes(), !h.late); h.err != nil {
		c.NetConn().Close()
		return
	}
	h.w.echoes.Add(1)
	if h.n++; h.n == h.w.inFlight {
		h.n, h.late = 0, true
		h.write(c)
	}
}
