package handshake_test

import (
	"testing"

	"hawser/websocket/handshake"
)

// TestCheckHost: a name that somebody else owns is refused although it may point to this
// machine's address (DNS rebinding).
func TestCheckHost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		host  string
		hosts []string
		ok    bool
	}{
		{"localhost", nil, true},
		{"localhost:3000", nil, true},
		{"LocalHost:3000", nil, true},
		{"localhost.:3000", nil, true},
		{"app.localhost:3000", nil, true},
		{"127.0.0.1", nil, true},
		{"127.0.0.1:3000", nil, true},
		{"192.168.1.7:3000", nil, true},
		{"[::1]:3000", nil, true},
		{"[::1]", nil, true},
		{"", nil, false},
		{":3000", nil, false},
		{"evil.example", nil, false},
		{"evil.example:3000", nil, false},
		{"localhost.evil.example", nil, false},
		{"notlocalhost", nil, false},
		{".localhost", nil, false},
		{"127.0.0.1.evil.example", nil, false},
		{"127.0.0.1.nip.io:3000", nil, false},
		{"[::1]evil.example", nil, false},
		{"::1", nil, false},
		{"evil.example:x", nil, false},
		{"localhost@evil.example", nil, false},
		{"example.org", []string{"example.org"}, true},
		{"Example.ORG.:443", []string{"example.org"}, true},
		{"example.org", []string{"other.example", "EXAMPLE.org."}, true},
		{"a.example.org", []string{"example.org"}, false},
		{"evilexample.org", []string{"example.org"}, false},
		{"a.b.example.org", []string{"*.example.org"}, true},
		{"example.org", []string{"*.example.org"}, false},
		{"evilexample.org", []string{"*.example.org"}, false},
		{"anything.example", []string{"*"}, true},
		{"anything.example", []string{""}, false},
		{"localhost", []string{"example.org"}, true},
	}
	for _, test := range tests {
		t.Run(test.host, func(t *testing.T) {
			t.Parallel()
			r := readRequest(t, goodRequest)
			r.Host = test.host
			err := handshake.CheckHost(r, test.hosts)
			if test.ok && err != nil {
				t.Errorf("with %q: %v", test.hosts, err)
			}
			if !test.ok {
				wantRefusal(t, err, 403, "")
			}
		})
	}
}
