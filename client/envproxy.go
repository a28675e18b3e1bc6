// Dialing, which proxy the environment names. It connects to nothing.

package client

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
)

// ProxyFromEnvironment is what a nil [Dialer.Proxy] stands for. It returns the
// proxy that the environment variables HTTP_PROXY (for ws), HTTPS_PROXY (for wss)
// and, where these are not set, ALL_PROXY name; each may be in lower case instead.
// A value is a URL or host:port. NO_PROXY has what is connected to directly, as
// [http.ProxyFromEnvironment] understands it; so are localhost and loopback
// addresses.
//
// Unlike that function it knows ALL_PROXY, reads the environment each time, and
// returns an error where a variable that counts has no URL of a proxy: going there
// directly is not what was asked for. The error names the variable, not its value.
func ProxyFromEnvironment(r *http.Request) (*url.URL, error) { return proxyFrom(os.Getenv, r) }

// proxyFrom is ProxyFromEnvironment of the environment that getenv reads.
func proxyFrom(getenv func(string) string, r *http.Request) (*url.URL, error) {
	name, value := firstOf(getenv, "HTTP_PROXY", "http_proxy")
	if r.URL.Scheme == "https" {
		name, value = firstOf(getenv, "HTTPS_PROXY", "https_proxy")
	}
	if value == "" {
		name, value = firstOf(getenv, "ALL_PROXY", "all_proxy")
	}
	_, exceptions := firstOf(getenv, "NO_PROXY", "no_proxy")
	if value == "" || isException(exceptions, r.URL) {
		return nil, nil
	}
	if name == "HTTP_PROXY" && getenv("REQUEST_METHOD") != "" {
		return nil, errors.New("HTTP_PROXY may come from a stranger in a CGI program (REQUEST_METHOD is set); it is refused")
	}
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := splitURL(value).url()
	if err == nil {
		err = checkProxy(u)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return u, nil
}

// firstOf returns the first of the variables that isn't empty.
func firstOf(getenv func(string) string, names ...string) (name, value string) {
	for _, name := range names {
		if value := strings.TrimSpace(getenv(name)); value != "" {
			return name, value
		}
	}
	return "", ""
}

// isException reports whether u is to be connected to directly.
func isException(list string, u *url.URL) bool {
	host, port, _ := net.SplitHostPort(address(u))
	ip, err := netip.ParseAddr(withoutZone(host))
	if host == "localhost" || err == nil && ip.Unmap().IsLoopback() {
		return true
	}
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.ToLower(strings.TrimSpace(entry))
		switch {
		case entry == "":
		case entry == "*":
			return true
		case err == nil && matchesAddr(entry, ip.Unmap(), port):
			return true
		case err != nil && matchesName(entry, strings.TrimSuffix(host, "."), port):
			return true
		}
	}
	return false
}

// cutPort takes the port off an entry, if it has one.
func cutPort(entry string) (host, port string) {
	if h, p, err := net.SplitHostPort(entry); err == nil {
		return h, p
	}
	return strings.TrimSuffix(strings.TrimPrefix(entry, "["), "]"), ""
}

// matchesAddr reports whether an entry is the address, with or without the port,
// or a network that has it.
func matchesAddr(entry string, ip netip.Addr, port string) bool {
	if network, err := netip.ParsePrefix(entry); err == nil {
		return network.Contains(ip)
	}
	host, p := cutPort(entry)
	other, err := netip.ParseAddr(host)
	return err == nil && other.Unmap() == ip && (p == "" || p == port)
}

// matchesName reports whether an entry is the domain name or one above it. With a
// dot at its beginning it is only those below.
func matchesName(entry, name, port string) bool {
	domain, p := cutPort(entry)
	domain = strings.TrimPrefix(domain, "*")
	below := strings.HasPrefix(domain, ".")
	domain, err := toASCII(strings.TrimPrefix(domain, "."))
	if err != nil || domain == "" || p != "" && p != port {
		return false
	}
	return strings.HasSuffix(name, "."+domain) || !below && name == domain
}
