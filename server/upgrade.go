package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// headTimeout bounds the writing of the answer to an upgrade.
const headTimeout = 10 * time.Second

// Upgrade upgrades the request (RFC 6455 section 4.2) and returns the
// connection, for handlers that want to look at the request themselves. The
// caller has to read from it and to close it; [Server.Shutdown] closes it too.
// What w.Header() holds goes out with the answer. The connection's context has
// the values of r.Context(), not its end.
//
// A request that can't be upgraded has been answered when Upgrade returns its
// error, which is a *[handshake.Refusal] if it's the client's fault.
func (s *Server) Upgrade(w http.ResponseWriter, r *http.Request) (*websocket.Conn, error) {
	s.begin() // a Shutdown waits
	defer s.end()
	c, err := s.upgrade(w, r)
	if err != nil {
		return nil, err
	}
	if closing := s.track(c); closing {
		c.Close(frame.CodeGoingAway, "")
		return nil, errClosing
	}
	return c, nil
}

var errClosing = &handshake.Refusal{Status: http.StatusServiceUnavailable, Reason: "the server is shutting down"}

func (s *Server) upgrade(w http.ResponseWriter, r *http.Request) (*websocket.Conn, error) {
	head, setup, err := s.accept(w, r)
	if err != nil {
		s.refuse(w, r, err)
		return nil, err
	}
	nc, brw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		err = fmt.Errorf("websocket: the http.ResponseWriter %T can't give up its connection: %w", w, err)
		s.refuse(w, r, err)
		return nil, err
	}
	if err := writeHead(nc, head); err != nil {
		nc.Close()
		return nil, fmt.Errorf("websocket: upgrade: %w", err)
	}
	setup.Unread, _ = brw.Reader.Peek(brw.Reader.Buffered())
	setup.Context = context.WithoutCancel(r.Context())
	setup.Ended = s.forget
	c := websocket.NewConn(nc, setup, s.Config)
	// net/http doesn't look at these any more, but keeps their buffers as long
	// as its goroutine lives.
	*brw.Reader, *brw.Writer = bufio.Reader{}, bufio.Writer{}
	return c, nil
}

// accept checks the request and returns the head of the response, and what was
// agreed on.
func (s *Server) accept(w http.ResponseWriter, r *http.Request) (head []byte, setup websocket.Setup, err error) {
	req, err := handshake.ParseRequest(r)
	if err != nil {
		return nil, setup, err
	}
	if err := handshake.CheckOrigins(s.Origins); err != nil {
		return nil, setup, err
	}
	if err := handshake.CheckOrigin(r, s.Origins); err != nil {
		return nil, setup, err
	}
	if s.isClosing() {
		return nil, setup, errClosing
	}
	if s.Check != nil {
		if err := s.Check(r); err != nil {
			var refusal *handshake.Refusal
			if !errors.As(err, &refusal) {
				refusal = &handshake.Refusal{Status: http.StatusForbidden, Reason: err.Error()}
			}
			return nil, setup, refusal
		}
	}
	setup.Role = frame.Server
	setup.Subprotocol = handshake.SelectProtocol(req.Protocols, s.Subprotocols)
	var extensions []handshake.Extension
	if k := s.Config.Compression; k != nil {
		if answer, agreed, ok := handshake.AcceptDeflate(req.Extensions, k.Deflate(frame.Server)); ok {
			extensions, setup.Deflate = []handshake.Extension{answer}, &agreed
		}
	}
	head, err = handshake.AppendResponse(nil, req.Key, setup.Subprotocol, extensions, w.Header())
	return head, setup, err
}

// refuse answers a request that isn't upgraded because of err.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *handshake.Refusal
	if !errors.As(err, &refusal) {
		s.logger().Error(err.Error(), "remote", r.RemoteAddr)
		refusal = &handshake.Refusal{Status: http.StatusInternalServerError, Reason: "the server can't upgrade this request"}
		clear(w.Header()) // it may be what's wrong
	}
	refusal.ServeHTTP(w, r)
}

// writeHead writes the response, whatever deadlines the http.Server has set.
func writeHead(nc net.Conn, head []byte) error {
	if err := nc.SetDeadline(time.Now().Add(headTimeout)); err != nil {
		return err
	}
	if _, err := nc.Write(head); err != nil {
		return err
	}
	return nc.SetDeadline(time.Time{})
}
