package handler

import (
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
)

// TestQuiz has the handler at one end of a pipe and the user at the other. In the
// bubble of synctest time passes only when everybody waits, so that the ten seconds
// take none.
func TestQuiz(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, answer string
		after        time.Duration
		want         string
	}{
		{"right", "42", time.Second, "right"},
		{"wrong", "54", time.Second, "54 is wrong"},
		{"just in time", "42", 10*time.Second - 1, "right"},
		{"too late", "42", 11 * time.Second, "too late"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				user, server := websocket.Pipe(websocket.Config{}, websocket.Config{})
				defer user.CloseNow()
				go Quiz(t.Context(), server)
				if _, q, err := user.Read(t.Context()); err != nil || string(q) != "6 times 7?" {
					t.Fatalf("%q, %v", q, err)
				}
				time.AfterFunc(tt.after, func() {
					user.Write(t.Context(), websocket.Text, []byte(tt.answer))
				})
				if _, p, err := user.Read(t.Context()); err != nil || string(p) != tt.want {
					t.Errorf("%q, %v; want %q", p, err, tt.want)
				}
			})
		})
	}
}
