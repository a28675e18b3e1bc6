package main

import (
	"context"
	"net/http"
	"net/url"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	"github.com/lxzan/gws"
	xnet "golang.org/x/net/websocket"
)

// Each library is used as its own example of an echo uses it, with compression if
// it has that. What they leave to their users, such as gorilla the check of UTF-8,
// is left out: the point is that they fail in different ways.

func serveGorilla() http.Handler {
	u := gorilla.Upgrader{EnableCompression: true}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := u.Upgrade(w, r, nil); err == nil {
			gorillaEcho(c)
		}
	})
}

func echoGorilla(ctx context.Context, url string) {
	d := gorilla.Dialer{EnableCompression: true}
	if c, _, err := d.DialContext(ctx, url, nil); err == nil {
		defer context.AfterFunc(ctx, func() { c.Close() })()
		gorillaEcho(c)
	}
}

func gorillaEcho(c *gorilla.Conn) {
	defer c.Close()
	for {
		t, p, err := c.ReadMessage()
		if err != nil || c.WriteMessage(t, p) != nil {
			return
		}
	}
}

func serveCoder() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := coder.Accept(w, r, &coder.AcceptOptions{CompressionMode: coder.CompressionContextTakeover, CompressionThreshold: 1, InsecureSkipVerify: true})
		if err == nil {
			coderEcho(context.Background(), c)
		}
	})
}

func echoCoder(ctx context.Context, url string) {
	c, _, err := coder.Dial(ctx, url, &coder.DialOptions{CompressionMode: coder.CompressionContextTakeover, CompressionThreshold: 1})
	if err == nil {
		coderEcho(ctx, c)
	}
}

func coderEcho(ctx context.Context, c *coder.Conn) {
	defer c.CloseNow()
	c.SetReadLimit(maxMessage)
	for {
		t, p, err := c.Read(ctx)
		if err != nil || c.Write(ctx, t, p) != nil {
			return
		}
	}
}

// gwsHandler echoes.
type gwsHandler struct{ gws.BuiltinEventHandler }

func (gwsHandler) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	c.WriteMessage(m.Opcode, m.Bytes())
}

func (gwsHandler) OnPing(c *gws.Conn, p []byte) { c.WritePong(p) }

type silent struct{}

func (silent) Error(...any) {}

var gwsDeflate = gws.PermessageDeflate{Enabled: true, ServerContextTakeover: true, ClientContextTakeover: true, Threshold: 1}

func serveGWS() http.Handler {
	u := gws.NewUpgrader(gwsHandler{}, &gws.ServerOption{
		CheckUtf8Enabled: true, Recovery: gws.Recovery, Logger: silent{}, PermessageDeflate: gwsDeflate, ReadMaxPayloadSize: maxMessage,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := u.Upgrade(w, r); err == nil {
			c.ReadLoop()
		}
	})
}

func echoGWS(ctx context.Context, url string) {
	c, _, err := gws.NewClient(gwsHandler{}, &gws.ClientOption{
		Addr: url, CheckUtf8Enabled: true, Recovery: gws.Recovery, Logger: silent{}, PermessageDeflate: gwsDeflate, ReadMaxPayloadSize: maxMessage,
	})
	if err == nil {
		defer context.AfterFunc(ctx, func() { c.NetConn().Close() })()
		c.ReadLoop()
		c.NetConn().Close()
	}
}

// typed keeps the type of a message, which x/net's own codecs don't.
var typed = xnet.Codec{
	Marshal: func(v any) ([]byte, byte, error) {
		m := v.(xnetMessage)
		return m.data, m.kind, nil
	},
	Unmarshal: func(p []byte, kind byte, v any) error {
		*v.(*xnetMessage) = xnetMessage{append([]byte(nil), p...), kind}
		return nil
	},
}

type xnetMessage struct {
	data []byte
	kind byte
}

func serveXNet() http.Handler {
	return xnet.Server{Handler: xnetEcho}
}

func echoXNet(ctx context.Context, target string) {
	u, err := url.Parse(target)
	if err != nil {
		return
	}
	config := &xnet.Config{Location: u, Origin: &url.URL{Scheme: "http", Host: u.Host}, Version: xnet.ProtocolVersionHybi13}
	if c, err := config.DialContext(ctx); err == nil {
		defer context.AfterFunc(ctx, func() { c.Close() })()
		defer c.Close()
		xnetEcho(c)
	}
}

func xnetEcho(c *xnet.Conn) {
	c.MaxPayloadBytes = maxMessage
	for {
		var m xnetMessage
		if typed.Receive(c, &m) != nil || typed.Send(c, m) != nil {
			return
		}
	}
}
