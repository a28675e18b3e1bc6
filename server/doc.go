// Package server upgrades HTTP requests to WebSocket connections (RFC 6455
// section 4.2), keeps track of them and shuts them down together.
//
// A [Server] is an [http.Handler]: it goes wherever one goes, below any mux and
// middleware.
//
//	s := &server.Server{Handler: func(ctx context.Context, c *websocket.Conn) {
//		for m, err := range c.Messages(ctx) {
//			if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
//				return
//			}
//		}
//	}}
//	http.Handle("/echo", s)
//
// # Origins
//
// A browser lets any page open a connection to any server, with the user's
// cookies. A Server therefore refuses pages of other origins than its own, unless
// [Server.Origins] lists them. Requests without an Origin header don't come from
// browsers and are accepted (RFC 6455 section 10.2).
//
// # Timeouts
//
// The timeouts of an [http.Server] end with the upgrade. Set its
// ReadHeaderTimeout, so that clients can't take for ever to ask for one.
package server
