package handshake

import (
	"fmt"
	"io"
	"maps"
	"net/http"
)

// Refusal is a request that can't be upgraded (RFC 6455 section 4.2.2). It's an
// error, found with [errors.As], and an [http.Handler] that tells the client.
type Refusal struct {
	Status int         // of the answer: 300 to 599
	Header http.Header // what the answer has besides, such as WWW-Authenticate; may be nil
	Reason string      // what was wrong, in one line; the client gets to see it
}

// Error says what was wrong.
func (e *Refusal) Error() string {
	return fmt.Sprintf("websocket: upgrade refused with status %d: %s", e.Status, e.Reason)
}

// ServeHTTP answers r with the status, the headers and the reason as text, and closes
// the connection: who got this wrong may take what follows for something else. A
// connection of HTTP/2 stays, as others share it. A status that refuses nothing is
// answered as 500. It may be called from several goroutines at the same time. How long
// the client may take to send the rest of a request and to accept the answer is for
// the [http.Server] to bound; package server does it by itself.
func (e *Refusal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for _, name := range []string{ // of an answer that somebody else had in mind
		"Connection", "Content-Encoding", "Content-Length", "Content-Range", "Trailer", "Transfer-Encoding", "Upgrade",
	} {
		h.Del(name)
	}
	maps.Copy(h, e.Header.Clone())
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	if r != nil && r.ProtoMajor > 1 { // RFC 9113 section 8.2.2
		delete(h, "Connection")
		delete(h, "Upgrade")
	} else {
		// net/http closes the connection only if the first line is exactly this.
		h["Connection"] = append([]string{"close"}, h["Connection"]...)
	}
	status := e.Status
	if status < 300 || status > 599 {
		status = http.StatusInternalServerError
	}
	w.WriteHeader(status)
	io.WriteString(w, e.Reason+"\n")
}

func refuse(status int, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Reason: fmt.Sprintf(format, args...)}
}

// refuseUpgrade says which upgrade and version there are (RFC 9110 section
// 15.5.22, RFC 6455 section 4.4).
func refuseUpgrade(format string, args ...any) *Refusal {
	e := refuse(http.StatusUpgradeRequired, format, args...)
	e.Header = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, headerVersion: {version}}
	return e
}
