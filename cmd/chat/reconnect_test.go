package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestReconnectInVain: what can't succeed is tried once.
func TestReconnectInVain(t *testing.T) {
	t.Parallel()
	url := serve(t)
	for _, tt := range []struct {
		args string
		code int
	}{
		{"-subprotocol a,b " + url, exitUsage},
		{"-subprotocol a -subprotocol a " + url, exitUsage},
		{"-H X@Y:z " + url, exitUsage},
		{"-H Connection:close " + url, exitUsage},
		{"ws://127.0.0.1:99999", exitUsage},
		{"ws://localhost:99999", exitUsage},
		{"ws://localhost:x", exitUsage},
		{"ftp://localhost", exitUsage},
		{"ws://", exitUsage},
		{"-proxy ftp://localhost:1 " + url, exitUsage},
		{"wss://" + strings.TrimPrefix(url, "ws://"), exitConnect},
		{"ws://" + answering(t, "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n"), exitConnect},
		{"ws://" + answering(t, "SSH-2.0-OpenSSH_9.2\r\n"), exitConnect},
		{"ws://" + answering(t, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), exitConnect},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			signals := make(chan os.Signal, 1)
			time.AfterFunc(20*time.Second, func() { signals <- os.Interrupt }) // it would go on for ever
			var errs syncBuffer
			code := run(append([]string{"-reconnect"}, strings.Fields(tt.args)...), console{in: strings.NewReader(""), out: new(syncBuffer), err: &errs, signals: signals})
			if code != tt.code || strings.Contains(errs.String(), "again") {
				t.Errorf("exit code %d, %q", code, errs.String())
			}
		})
	}
}

// TestRetryAfter: a server that says when to come back isn't asked before.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	hs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer hs.Close()
	signals := make(chan os.Signal)
	var errs syncBuffer
	code := make(chan int)
	go func() {
		code <- run([]string{"-reconnect", "ws" + strings.TrimPrefix(hs.URL, "http")}, console{in: strings.NewReader(""), out: new(syncBuffer), err: &errs, signals: signals})
	}()
	errs.await("# connecting again in 2m0s\n")
	signals <- os.Interrupt
	if c := <-code; c != exitSignal+2 || asked.Load() != 1 {
		t.Errorf("exit code %d, asked %d times", c, asked.Load())
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"7":                             7 * time.Second,
		"-7":                            0,
		"soon":                          0,
		"1e9":                           0,
		"99999999999999999999":          0,
		"2000000000":                    maxRetryAfter,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute,
		"Thu, 01 Jan 2026 00:00:00 GMT": 0,
		"Fri, 02 Jan 2126 03:05:05 GMT": maxRetryAfter,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}
