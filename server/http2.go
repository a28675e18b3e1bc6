package server

import (
	"errors"
	"net/http"
	"os"
	"reflect"
	"strings"

	"hawser/websocket"
)

// What HTTP2 sets.
const (
	http2Streams      = 2000     // open at a time on one TCP connection
	http2FrameSize    = 64 << 10 // bytes
	http2StreamBuffer = 1 << 20  // bytes
	http2ConnBuffer   = 32 << 20 // bytes
)

// xconnect says that the setting was there when net/http looked for it, or at most an
// initialization later.
var xconnect = strings.Contains(os.Getenv("GODEBUG"), "http2xconnect=1")

// HTTP2 sets up hs for WebSockets over HTTP/2 (RFC 8441) beside those over HTTP/1.1. Call
// it before hs is in use. It sets these fields of hs.HTTP2 where they are zero:
//
//   - MaxConcurrentStreams to 2000. Each WebSocket takes one of a client's streams for
//     as long as it's open, and a client that has none left waits, with page loads too.
//   - MaxReceiveBufferPerStream to 1 MiB, MaxReceiveBufferPerConnection to 32 MiB and
//     MaxReadFrameSize to 64 KiB, for long messages. A client may have so much kept by
//     handlers that don't read.
//   - WriteByteTimeout to [websocket.DefaultWriteTimeout]: a client that takes no byte
//     of its TCP connection loses it, with all streams.
//
// If hs.Protocols is set and has no HTTP/2, that is added. HTTP/2 without TLS is for the
// caller to add (see [http.Protocols.SetUnencryptedHTTP2]).
//
// It returns an error if the process can't accept an extended CONNECT, in which case hs
// works as before. The Go of today has that switched by GODEBUG=http2xconnect=1 in the
// environment, or by an import of the package hawser/websocket/server/xconnect, for all
// servers of the process. Other handlers of a server that has it get to see CONNECT
// requests as well, with a path and the header ":protocol", from clients that take them
// for WebSocket endpoints: they should answer those with status 501, or 404.
//
// A mux pattern that names a method, such as "GET /ws", doesn't match CONNECT: leave the
// method out. Call [Server.Shutdown] before that of hs, which waits for streams.
func HTTP2(hs *http.Server) error {
	if hs.HTTP2 == nil {
		hs.HTTP2 = new(http.HTTP2Config)
	}
	c := hs.HTTP2
	setDefault(&c.MaxConcurrentStreams, http2Streams)
	setDefault(&c.MaxReadFrameSize, http2FrameSize)
	setDefault(&c.MaxReceiveBufferPerStream, http2StreamBuffer)
	setDefault(&c.MaxReceiveBufferPerConnection, http2ConnBuffer)
	setDefault(&c.WriteByteTimeout, websocket.DefaultWriteTimeout)
	if p := hs.Protocols; p != nil && !p.HTTP2() && !p.UnencryptedHTTP2() {
		p.SetHTTP2(true)
	}
	// A later Go has it here (golang/go#53208).
	if f := reflect.ValueOf(c).Elem().FieldByName("EnableConnectProtocol"); f.IsValid() && f.Kind() == reflect.Bool {
		f.SetBool(true)
		return nil
	}
	if !xconnect {
		return errors.New("websocket: this process takes no WebSockets over HTTP/2: set GODEBUG=http2xconnect=1 in its environment, or import hawser/websocket/server/xconnect")
	}
	return nil
}

func setDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}
