// Refusals: how a request that isn't upgraded is answered, within a bounded time. Why
// it's refused is for upgrade.go and limits.go to say.

package server

import (
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"hawser/websocket"
	"hawser/websocket/handshake"
)

// lingerTimeout is how long what is left of a refused request is read, so that a
// client which still sends gets to see the answer (RFC 9112 section 9.6).
const lingerTimeout = time.Second

// refuse answers a request that isn't upgraded because of err, and returns err as
// the caller of Upgrade gets it.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) error {
	reason := reasonServer
	var why refused
	if errors.As(err, &why) {
		reason, err = why.reason, why.error
	}
	var refusal *handshake.Refusal
	if errors.As(err, &refusal) {
		s.logRefusal(r, reason, refusal.Status, err)
	} else {
		s.logRequest(slog.LevelError, r, err.Error())
		refusal = &handshake.Refusal{Status: http.StatusInternalServerError, Reason: "the server can't upgrade this request"}
		clear(w.Header()) // it may be what's wrong
	}
	s.mu.Lock()
	s.count.refuse(reason)
	s.mu.Unlock()
	s.boundAnswer(w, r)
	if s.Refuse == nil {
		refusal.ServeHTTP(w, r)
		return err
	}
	maps.Copy(w.Header(), refusal.Header.Clone())
	a := &answer{ResponseWriter: w, r: r}
	s.Refuse(a, r, refusal)
	if !a.begun {
		refusal.ServeHTTP(w, r)
	}
	return err
}

// boundAnswer bounds the time that the client may take to accept the answer and to
// send what is left of its request: net/http reads up to 256 KiB of a body before it
// closes a connection, and waits for them as long as they take. On HTTP/2 it doesn't,
// and others share the connection. Where middleware hides the connection, there is
// only what [http.Server.ReadTimeout] and WriteTimeout bound.
func (s *Server) boundAnswer(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor > 1 {
		return
	}
	control := http.NewResponseController(w)
	if r.ContentLength != 0 { // else the deadline would end the request's context
		control.SetReadDeadline(time.Now().Add(lingerTimeout))
	}
	if hs, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && hs.WriteTimeout > 0 {
		return // it has set one already
	}
	timeout := s.Config.WriteTimeout
	if timeout == 0 {
		timeout = websocket.DefaultWriteTimeout
	}
	if timeout > 0 {
		control.SetWriteDeadline(time.Now().Add(timeout))
	}
}

// answer is what [Server.Refuse] writes to: it sees to it that the connection isn't
// used any more.
type answer struct {
	http.ResponseWriter
	r     *http.Request
	begun bool // the final status has been written
}

// Unwrap is for [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) WriteHeader(status int) {
	if status == http.StatusSwitchingProtocols {
		status = http.StatusInternalServerError
	}
	if a.begun = a.begun || status >= 200; a.begun {
		a.endConnection()
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if !a.begun {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriter.Write(p)
}

// FlushError is for [http.ResponseController].
func (a *answer) FlushError() error {
	if !a.begun {
		a.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// endConnection has net/http close the connection behind the answer, which it does if
// the first line is exactly this. On HTTP/2, where it would end those of others, such
// headers are malformed (RFC 9113 section 8.2.2).
func (a *answer) endConnection() {
	h := a.Header()
	switch {
	case a.r.ProtoMajor > 1:
		delete(h, "Connection")
		delete(h, "Upgrade")
	case h.Get("Connection") != "close":
		h["Connection"] = append([]string{"close"}, h["Connection"]...)
	}
}
