package handshake

import (
	"fmt"
	"io"
	"net/http"
)

// Refusal is a request that can't be upgraded. It's an [http.Handler] that tells
// the client.
type Refusal struct {
	Status int    // of the answer
	Reason string // what was wrong, in one line
}

// Error says what was wrong.
func (e *Refusal) Error() string {
	return fmt.Sprintf("websocket: upgrade refused with status %d: %s", e.Status, e.Reason)
}

// ServeHTTP answers with the status and the reason as text, and closes the
// connection: who got this wrong may take what follows for something else.
func (e *Refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Connection", "close")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	switch e.Status {
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodGet)
	case http.StatusUpgradeRequired: // RFC 9110 section 15.5.22, RFC 6455 section 4.4
		h.Set("Connection", "close, Upgrade")
		h.Set("Upgrade", "websocket")
		h.Set("Sec-WebSocket-Version", version)
	}
	w.WriteHeader(e.Status)
	io.WriteString(w, e.Reason+"\n")
}

func refuse(status int, format string, args ...any) *Refusal {
	return &Refusal{status, fmt.Sprintf(format, args...)}
}
