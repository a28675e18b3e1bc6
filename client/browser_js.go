package client

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"syscall/js"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// In a browser (GOOS=js) a program can't open sockets. The browser's own WebSocket
// does the opening handshake, and a browserSocket makes of it the stream of frames
// that a Conn runs on.

func init() { dialBrowser = (*attempt).dialBrowser }

// dialBrowser connects by means of the browser.
func (a *attempt) dialBrowser(ctx context.Context) (*websocket.Conn, error) {
	if err := a.d.checkBrowser(a.u); err != nil {
		return nil, err
	}
	constructor := js.Global().Get("WebSocket")
	if constructor.Type() != js.TypeFunction {
		return nil, errors.New("websocket: this JavaScript environment has no WebSocket")
	}
	u := *a.u
	u.Scheme = map[string]string{"http": "ws", "https": "wss"}[u.Scheme]
	protocols := make([]any, len(a.d.Subprotocols))
	for i, p := range a.d.Subprotocols {
		protocols[i] = p
	}
	ws, err := construct(constructor, u.String(), protocols)
	if err != nil {
		return nil, &HandshakeError{Err: err}
	}
	s := newBrowserSocket(ws)
	select {
	case <-s.opened:
	case <-ctx.Done():
		s.Close()
		return nil, &HandshakeError{Err: ctx.Err()}
	}
	if !s.isOpen() {
		return nil, &HandshakeError{Err: errors.New("the browser could not connect, and doesn't let programs know why")}
	}
	setup := websocket.Setup{Role: frame.Client, Subprotocol: ws.Get("protocol").String()}
	return websocket.NewConn(s, setup, a.d.Config), nil
}

// construct is new WebSocket(u, protocols), which throws where it finds something
// wrong with them, or may not connect there.
func construct(constructor js.Value, u string, protocols []any) (ws js.Value, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case js.Error:
			err = errors.New(r.Value.Get("message").String())
		default:
			panic(r)
		}
	}()
	return constructor.New(u, protocols), nil
}

// checkBrowser returns an error that names what a browser can't do.
func (d *Dialer) checkBrowser(u *url.URL) error {
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"Header", len(d.Header) > 0},
		{"MaxRedirects", d.MaxRedirects != 0},
		{"TLSConfig", d.TLSConfig != nil},
		{"Proxy", d.Proxy != nil},
		{"ProxyConnectHeader", len(d.ProxyConnectHeader) > 0},
		{"DialContext", d.DialContext != nil},
		{"DialTLSContext", d.DialTLSContext != nil},
		{"HTTPClient", d.HTTPClient != nil},
		{"HTTP2", d.HTTP2 != nil},
		{"Config.Compression", d.Config.Compression != nil},
		{"Config.PingInterval", d.Config.PingInterval > 0},
	} {
		if field.set {
			return fmt.Errorf("websocket: Dialer.%s is set, but in a browser it's up to the browser", field.name)
		}
	}
	if u.User != nil {
		return errors.New("websocket: the URL has a user, but in a browser credentials are up to the browser")
	}
	return nil
}
