package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestOnlyLocal: a page whose name points to this machine (DNS rebinding) can't
// talk to a listener on a loopback address.
func TestOnlyLocal(t *testing.T) {
	t.Parallel()
	loopback, everywhere := "127.0.0.1:3000", "0.0.0.0:3000"
	for _, tt := range []struct {
		listener, origin, host string
		ok                     bool
	}{
		{loopback, "", "evil.example:3000", false},
		{loopback, "", "evil.example", false},
		{loopback, "", "localhost.evil.example:3000", false},
		{loopback, "", "127.0.0.1.evil.example", false},
		{loopback, "", "evillocalhost", false},
		{loopback, "", "", false},
		{loopback, "", "localhost:3000", true},
		{loopback, "", "LOCALHOST", true},
		{loopback, "", "localhost.:3000", true},
		{loopback, "", "app.localhost:3000", true},
		{loopback, "", "127.0.0.1:3000", true},
		{loopback, "", "192.0.2.1", true},
		{loopback, "", "[::1]:3000", true},
		{"[::1]:3000", "", "[::1]", true},
		{"[::1]:3000", "", "evil.example", false},
		{"[::ffff:127.0.0.1]:3000", "", "evil.example", false},
		{loopback, "https://evil.example", "evil.example:3000", true},
		{loopback, "https://evil.example:8443", "evil.example", true},
		{loopback, "https://*.evil.example", "a.evil.example", true},
		{loopback, "https://*.evil.example", "aevil.example", false},
		{loopback, "https://good.example", "evil.example", false},
		{loopback, "null", "evil.example", false},
		{loopback, "*", "evil.example", true},
		{everywhere, "", "evil.example", true},
	} {
		addr, err := net.ResolveTCPAddr("tcp", tt.listener)
		if err != nil {
			t.Fatal(err)
		}
		var origins []string
		if tt.origin != "" {
			origins = []string{tt.origin}
		}
		served := false
		h := onlyLocal(addr, origins, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = true }))
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = tt.host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if served != tt.ok || !tt.ok && w.Code != http.StatusForbidden {
			t.Errorf("%+v: served %v, status %d", tt, served, w.Code)
		}
	}
}
