//go:build unix

package deploy

import (
	"net/http"
	"testing"
)

// TestNames: the servers know their public name, and that their pages came over TLS,
// from the Host that the proxy hands on and from -hosts. No other name gets through to
// them, which listen on a loopback address.
func TestNames(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *proxy, _ [2]*echo) {
		for _, tt := range []struct {
			host, origin string
			status       int
		}{
			{"ws.example.org", "https://ws.example.org", http.StatusSwitchingProtocols},
			{"ws.example.org:443", "https://ws.example.org", http.StatusSwitchingProtocols},
			{"ws.example.org", "https://www.example.org", http.StatusForbidden},
			{"ws.example.org", "https://evil.example", http.StatusForbidden},
			{"evil.example", "https://evil.example", http.StatusForbidden},
		} {
			d := p.dialer()
			d.Header = http.Header{"Host": {tt.host}, "Origin": {tt.origin}}
			c, resp, err := d.Dial(ctx, p.url("/echo"))
			if err == nil {
				c.CloseNow()
			}
			if resp == nil || resp.StatusCode != tt.status {
				t.Errorf("a page of %s at host %s: %v, %v; want status %d", tt.origin, tt.host, resp, err, tt.status)
			}
		}
	})
}
