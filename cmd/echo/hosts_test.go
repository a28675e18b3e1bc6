package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestHosts: a server that only this machine can reach answers to its own names and to
// those that it was told, so that no stranger's page becomes its own by pointing a name
// to 127.0.0.1 (DNS rebinding).
func TestHosts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args, host string
		ok         bool
	}{
		{"", "localhost:PORT", true},
		{"", "localhost:8080", true}, // of a tunnel
		{"", "app.localhost:PORT", true},
		{"", "127.0.0.1:PORT", true},
		{"", "[::1]:PORT", true},
		{"", "192.0.2.1", true},
		{"", "", true}, // HTTP/1.0, as of a proxy's health check
		{"", "evil.example:PORT", false},
		{"", "127.0.0.1.evil.example:PORT", false},
		{"-hosts example.org", "example.org", true},
		{"-hosts example.org", "EXAMPLE.org:PORT", true},
		{"-hosts example.org", "a.example.org", false},
		{"-hosts *.example.org", "a.example.org", true},
		{"-hosts *", "anything.example", true},
		{"-origins https://example.org:8443", "example.org", true},
		{"-origins https://*.example.org", "ws.example.org", true},
		{"-origins https://example.org", "evil.example", false},
		{"-origins null", "evil.example", false},
		{"-origins *", "anything.example", true},
		{"-addr 0.0.0.0:0", "anything.example", true}, // for others too, who may have any name for it
	} {
		t.Run(tt.args+" "+tt.host, func(t *testing.T) {
			t.Parallel()
			addr, out, _ := start(t, append(strings.Fields(tt.args), "-quiet", "-debug", "localhost:0")...)
			_, port, _ := net.SplitHostPort(addr)
			debugPort := out.waitLine("debugging on port ")
			host := strings.Replace(tt.host, "PORT", port, 1)
			for _, target := range []string{"http://127.0.0.1:" + port + "/", "http://127.0.0.1:" + port + "/healthz", "http://127.0.0.1:" + debugPort + "/debug/vars"} {
				if host == "" {
					continue // net/http's client doesn't send such requests
				}
				if tt.args == "-addr 0.0.0.0:0" && strings.Contains(target, debugPort) {
					continue
				}
				req, _ := http.NewRequest("GET", target, nil)
				req.Host = host
				want := http.StatusForbidden
				if tt.ok {
					want = http.StatusOK
				}
				wantStatus(t, req, want)
			}
			// A page of that name that wants to connect.
			request := strings.Replace(upgrade, "Host: localhost\r\n", "Host: "+host+"\r\nOrigin: http://"+host+"\r\n", 1)
			want := "HTTP/1.1 403 "
			if tt.ok {
				want = "HTTP/1.1 101 "
			}
			if host == "" {
				request = "GET /healthz HTTP/1.0\r\n\r\n"
				want = "HTTP/1.0 200 "
			}
			nc := rawDial(t, "127.0.0.1:"+port, request)
			got := make([]byte, len(want))
			if _, err := io.ReadFull(nc, got); err != nil || string(got) != want {
				t.Errorf("%v %q; want %q", err, got, want)
			}
		})
	}
}

func wantStatus(t *testing.T, req *http.Request, want int) {
	t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != want {
		t.Errorf("%s for host %q: %s; want %d", req.URL, req.Host, resp.Status, want)
	}
}

// TestRefusedHostIsLogged: once, so that who has put a proxy in front finds out why.
func TestRefusedHostIsLogged(t *testing.T) {
	t.Parallel()
	addr, out, stop := start(t)
	for range 3 {
		req, _ := http.NewRequest("GET", "http://"+addr, nil)
		req.Host = "chat.example"
		wantStatus(t, req, http.StatusForbidden)
	}
	stop()
	if log := out.String(); strings.Count(log, "level=WARN") != 1 || !strings.Contains(log, "not in -hosts or -origins") || !strings.Contains(log, "host=chat.example") {
		t.Errorf("logged %s", log)
	}
}
