package handshake

import (
	"fmt"
	"io"
	"maps"
	"net/http"
)

// Refusal is the reason why a request is not upgraded, and the answer to it (RFC 6455
// section 4.2.2). It is an error, found with [errors.As], and an [http.Handler]. It may
// be used from several goroutines as long as nobody changes it.
type Refusal struct {
	Status int         // the HTTP status of the answer: 300 to 599
	Header http.Header // further headers of the answer, such as WWW-Authenticate; may be nil
	Reason string      // what was wrong, in one line; it is sent to the client
}

// Error returns the status and the reason.
func (e *Refusal) Error() string {
	return fmt.Sprintf("websocket: upgrade refused with status %d: %s", e.Status, e.Reason)
}

// ServeHTTP answers r with the status, the headers and the reason as text. A status
// outside of 300 to 599 becomes 500. It then closes the connection, as a client that got
// the handshake wrong may send frames next, which are no requests; a connection of HTTP/2
// stays open, as others share it. r may be nil.
//
// It is for the [http.Server] to bound how long the client may take to send the rest of
// the request and to accept the answer. Package server does that by itself.
func (e *Refusal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for _, name := range []string{ // middleware may have set them for another answer
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

// refuse returns a Refusal without further headers.
func refuse(status int, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Reason: fmt.Sprintf(format, args...)}
}

// refuseUpgrade returns a Refusal with status 426 that tells the client which protocol and
// version to ask for (RFC 9110 section 15.5.22, RFC 6455 section 4.4).
func refuseUpgrade(format string, args ...any) *Refusal {
	e := refuse(http.StatusUpgradeRequired, format, args...)
	e.Header = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, headerVersion: {version}}
	return e
}
