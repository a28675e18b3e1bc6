package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"hawser/websocket"
)

func (s *Server) logger() *slog.Logger {
	if s.Logger != nil {
		return s.Logger
	}
	return slog.Default()
}

// logRequest logs what became of a request. Its query and its headers may hold
// secrets and are left out.
func (s *Server) logRequest(level slog.Level, r *http.Request, msg string, args ...any) {
	if l := s.logger(); l.Enabled(r.Context(), level) {
		ctx := context.WithoutCancel(r.Context())
		l.With("remote", r.RemoteAddr, "path", r.URL.Path).Log(ctx, level, msg, args...)
	}
}

func (s *Server) logs(level slog.Level) bool { return s.logger().Enabled(context.Background(), level) }

func (s *Server) logEnd(c *websocket.Conn, e *websocket.CloseError, since time.Time) {
	l := s.logger().With("remote", c.RemoteAddr(), "code", int(finalCode(e)), "lasted", time.Since(since))
	if e.Err != nil {
		l = l.With("error", e.Err)
	}
	l.Debug("websocket: closed")
}
