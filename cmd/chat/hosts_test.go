package main

import (
	"net"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// TestOwnHosts: a page whose name points to this machine (DNS rebinding) can't
// talk to a listener on a loopback address.
func TestOwnHosts(t *testing.T) {
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
		check := ownHosts(addr, origins)
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = tt.host
		if ok := check == nil || check(r) == nil; ok != tt.ok {
			t.Errorf("%+v: allowed: %v", tt, ok)
		}
	}
}

// TestListenRefusesForeignHosts: chat -listen talks with no page of a name that
// somebody else owns.
func TestListenRefusesForeignHosts(t *testing.T) {
	t.Parallel()
	signals := make(chan os.Signal)
	var errs syncBuffer
	code := make(chan int)
	go func() {
		code <- run([]string{"-listen", "127.0.0.1:0"}, console{in: strings.NewReader("private\n"), out: new(syncBuffer), err: &errs, signals: signals})
	}()
	_, url, _ := strings.Cut(errs.await("listening on "), "listening on ")
	url, _, _ = strings.Cut(url, "\n")
	c, out, told := chat("", "-H", "Host: evil.example", "-origin", "http://evil.example", url)
	if c != exitConnect || out != "" || !strings.Contains(told, "403 Forbidden") {
		t.Errorf("exit code %d, %q, %q", c, out, told)
	}
	signals <- os.Interrupt
	<-code
}
