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
// # HTTP/2
//
// The same Server takes WebSockets that are streams of HTTP/2 (RFC 8441), where the
// process and the [http.Server] let them through: see the function HTTP2.
//
// # Origins
//
// A browser lets any page open a connection to any server, with the user's
// cookies. A Server therefore refuses pages of other origins than its own, unless
// [Server.Origins] lists them. Requests without an Origin header don't come from
// browsers and are accepted (RFC 6455 section 10.2). Behind a proxy that ends TLS and
// hands on Host, pages of https are its own too. A server that only its own machine is
// to reach should also look at Host: see [handshake.CheckHost].
//
// # Limits
//
// The zero Server bounds the number of connections and of handshakes under way; see
// [Server.MaxConns] and the fields after it, and the time that a refused client may
// take. What net/http does before a request arrives, and with requests of other
// handlers, is for its own server to bound, whose timeouts end with the upgrade:
//
//	hs := &http.Server{Handler: s, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
//		IdleTimeout: time.Minute, ConnState: s.ConnState}
//
// # Without net/http
//
// [Server.Serve] is for a port with nothing but WebSockets, and very many of them: it
// accepts connections and reads requests by itself. A handshake takes about a third less
// CPU than below an [http.Server], and allocates 1.5 KB instead of 12:
//
//	l, err := net.Listen("tcp", ":8080")
//	if err != nil {
//		return err
//	}
//	return s.Serve(l) // http.ErrServerClosed after Shutdown
//
// # Topics
//
// [Server.Broadcast] sends to all connections. [Topics] sends to those that have joined
// a topic, such as a room, in this process or, with a [Bus], in any number of them.
//
// # The end
//
// [Server.Shutdown] tells everybody to go and waits for it:
//
//	err := s.Shutdown(ctx)
//	hs.Shutdown(ctx)
//
// # What happens
//
// [Server.Stats] has the counts of what was accepted, refused and closed, and why.
// [websocket.Trace] sees every frame. [Server.Logger] gets faults and refused origins,
// and at [slog.LevelDebug] every connection.
package server
