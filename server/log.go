// What the Server logs, and how often strangers can make it do so. No text of a
// request's query, of its other headers or of a message is taken. Server.mu guards only
// the counts; nothing is logged while it's held.

package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"hawser/websocket"
)

// logger returns the Logger of s, or the default one.
func (s *Server) logger() *slog.Logger {
	if s.Logger != nil {
		return s.Logger
	}
	return slog.Default()
}

// logRequest logs what became of a request. Its query and its headers may hold
// secrets and are left out, and of what the client chose no more than maxLogged bytes
// are taken.
func (s *Server) logRequest(level slog.Level, r *http.Request, msg string, args ...any) {
	if l := s.logger(); l.Enabled(r.Context(), level) {
		ctx := context.WithoutCancel(r.Context())
		l.With("remote", r.RemoteAddr, "path", beginning(r.URL.Path)).Log(ctx, level, msg, args...)
	}
}

// maxLogged is how many bytes of something that the client chose are logged.
const maxLogged = 256

// beginning returns s, cut to maxLogged bytes.
func beginning(s string) string {
	if len(s) > maxLogged {
		return s[:maxLogged] + "..."
	}
	return s
}

// logRefusal logs a refusal. That of an origin is a warning: it's either an attack on
// a user, or a page of one's own that isn't in [Server.Origins], which nobody would
// find out otherwise.
func (s *Server) logRefusal(r *http.Request, reason string, status int, err error) {
	args := []any{"reason", reason, "status", status, "error", err}
	if reason == reasonOrigin && s.warn(&s.refusedOrigins, r, "websocket: refused", append(args, "host", beginning(r.Host))...) {
		return
	}
	s.logRequest(slog.LevelDebug, r, "websocket: refused", args...)
}

// warn logs a warning of some kind about a request and reports whether it did:
// strangers cause warnings and must not fill the log.
func (s *Server) warn(kind *warnings, r *http.Request, msg string, args ...any) bool {
	if !s.logs(slog.LevelWarn) {
		return false
	}
	s.mu.Lock()
	ok, suppressed := kind.take(time.Now())
	s.mu.Unlock()
	if !ok {
		return false
	}
	if suppressed > 0 {
		args = append(args, "suppressed", suppressed)
	}
	s.logRequest(slog.LevelWarn, r, msg, args...)
	return true
}

// warnings bounds how often there is a warning of one kind: maxWarnings at once, and
// then one in each warnEvery. It's guarded by Server.mu.
type warnings struct {
	next       time.Time // when all of maxWarnings may be logged again, if none is before
	suppressed int       // since the last one that was logged
}

const (
	maxWarnings = 10
	warnEvery   = 10 * time.Second
)

// take reports whether a warning may be logged now, and how many were not before it.
func (b *warnings) take(now time.Time) (ok bool, suppressed int) {
	if b.next.Before(now) {
		b.next = now
	}
	if b.next.Sub(now) > (maxWarnings-1)*warnEvery {
		b.suppressed++
		return false, 0
	}
	b.next = b.next.Add(warnEvery)
	suppressed, b.suppressed = b.suppressed, 0
	return true, suppressed
}

// logs reports whether anything of the given level is logged.
func (s *Server) logs(level slog.Level) bool { return s.logger().Enabled(context.Background(), level) }

// logEnd logs the end e of c, which has lasted since the given time.
func (s *Server) logEnd(c *websocket.Conn, e *websocket.CloseError, since time.Time) {
	l := s.logger().With("remote", c.RemoteAddr(), "code", int(finalCode(e)), "lasted", time.Since(since))
	if e.Err != nil {
		l = l.With("error", e.Err)
	}
	l.Debug("websocket: closed")
}
