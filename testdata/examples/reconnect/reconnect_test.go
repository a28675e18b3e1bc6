package reconnect

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/server"
)

// unreliable is a feed of ten events that cuts every connection after three of them,
// refuses every second request, and refuses for good after the last event.
func unreliable() http.Handler {
	var s server.Server
	var requests atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
		switch {
		case after == 10:
			http.Error(w, "the feed has ended", http.StatusGone)
			return
		case requests.Add(1)%2 == 0:
			http.Error(w, "busy", http.StatusServiceUnavailable)
			return
		}
		c, err := s.Upgrade(w, r)
		if err != nil {
			return
		}
		defer c.CloseNow()
		// One that was seen already comes again: a server that isn't sure does that.
		for i := max(1, after); i <= min(after+3, 10); i++ {
			websocket.WriteJSON(r.Context(), c, Event{i, "event " + strconv.FormatInt(i, 10)})
		}
	})
}

func TestEachEventComesOnceOverManyConnections(t *testing.T) {
	t.Parallel()
	hs := httptest.NewServer(unreliable())
	defer hs.Close()
	f := Feed{URL: strings.Replace(hs.URL, "http", "ws", 1), First: time.Millisecond, Longest: 10 * time.Millisecond}
	var got []int64
	err := f.Follow(t.Context(), func(e Event) { got = append(got, e.Position) })
	if err == nil || !strings.Contains(err.Error(), "410") {
		t.Error(err)
	}
	for i, p := range got {
		if p != int64(i+1) {
			t.Fatal(got)
		}
	}
	if len(got) != 10 {
		t.Error(got)
	}
}

func TestAContextEndsIt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	hs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer hs.Close()
	f := Feed{URL: strings.Replace(hs.URL, "http", "ws", 1), First: time.Hour, Longest: time.Hour}
	if err := f.Follow(ctx, nil); err != context.Canceled {
		t.Error(err)
	}
}
