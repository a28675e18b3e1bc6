package handshake_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"hawser/websocket/handshake"
)

func TestCheckOrigin(t *testing.T) {
	t.Parallel()
	one := func(s ...string) []string { return s }
	tests := []struct {
		name    string
		url     string // scheme and Host of the request
		origin  []string
		allowed []string
		status  int // 0 if the origin is allowed
	}{
		{"H7_absent", "http://host", nil, nil, 0},
		{"H7_same", "http://host", one("http://host"), nil, 0},
		{"H7_same_with_port", "http://localhost:3000", one("http://localhost:3000"), nil, 0},
		{"H7_same_over_TLS", "https://host", one("https://host"), nil, 0},
		{"H7_upper_case", "http://Host", one("HTTP://hOST"), nil, 0},
		{"H7_spaces", "http://host", one(" http://host\t"), nil, 0},
		{"H7_default_port_in_origin", "http://host", one("http://host:80"), nil, 0},
		{"H7_default_port_in_Host", "https://host:443", one("https://host"), nil, 0},
		{"H7_IPv4", "http://127.0.0.1:3000", one("http://127.0.0.1:3000"), nil, 0},
		{"H7_IPv6", "http://[::1]:3000", one("http://[::1]:3000"), nil, 0},
		{"H7_IPv6_default_port", "http://[::1]", one("http://[::1]:80"), nil, 0},
		{"H7_IPv6_long_form", "http://[0:0::1]", one("http://[0000::0001]"), nil, 0},
		{"H7_IPv6_upper_case", "http://[fe80::A]", one("http://[FE80::a]"), nil, 0},
		{"H7_IDN_in_ASCII", "http://xn--e1afmkfd.example", one("http://XN--e1afmkfd.example"), nil, 0},
		{"H7_trailing_dot_on_both", "http://host.", one("http://host."), nil, 0},
		{"H7_underscore", "http://my_host-1", one("http://my_host-1"), nil, 0},

		{"H7_foreign", "http://host", one("http://evil"), nil, 403},
		{"https_page_behind_a_proxy", "http://host", one("https://host"), nil, 0},
		{"https_page_in_upper_case", "http://HOST", one("https://Host"), nil, 0},
		{"https_page_with_port_in_origin", "http://host", one("https://host:443"), nil, 0},
		{"https_page_with_port_in_Host", "http://host:443", one("https://host"), nil, 0},
		{"https_page_at_another_port", "http://host:8443", one("https://host:8443"), nil, 0},
		{"https_page_behind_two_proxies", "http://host:80", one("https://host"), nil, 0},
		{"https_page_IPv6", "http://[::1]", one("https://[::1]"), nil, 0},
		{"https_page_of_another_host", "http://host", one("https://evil"), nil, 403},
		{"https_page_of_a_subdomain", "http://host", one("https://a.host"), nil, 403},
		{"https_page_at_port_80", "http://host", one("https://host:80"), nil, 403},
		{"https_page_at_a_port_Host_lacks", "http://host", one("https://host:8443"), nil, 403},
		{"https_page_without_the_port_of_Host", "http://host:3000", one("https://host"), nil, 403},
		{"wss_page", "http://host", one("wss://host"), nil, 403},
		{"H7_http_page", "https://host", one("http://host"), nil, 403},
		{"H7_http_page_at_port_443", "https://host", one("http://host:443"), nil, 403},
		{"H7_other_port", "http://host:3000", one("http://host:3001"), nil, 403},
		{"H7_other_port_than_default", "http://host", one("http://host:8080"), nil, 403},
		{"H7_ws", "http://host", one("ws://host"), nil, 403},
		{"H7_suffix", "http://host", one("http://host.evil.com"), nil, 403},
		{"H7_prefix", "http://host", one("http://evilhost"), nil, 403},
		{"H7_subdomain", "http://host", one("http://a.host"), nil, 403},
		{"H7_trailing_dot", "http://host", one("http://host."), nil, 403},
		{"H7_loopbacks_differ", "http://127.0.0.1", one("http://localhost"), nil, 403},
		{"H7_IPv6_other", "http://[::1]", one("http://[::2]"), nil, 403},
		{"H7_null", "http://host", one("null"), nil, 403},
		{"H7_twice", "http://host", one("http://host", "http://host"), one("*"), 400},

		{"H7_empty", "http://host", one(""), nil, 403},
		{"H7_host_alone", "http://host", one("host"), nil, 403},
		{"H7_no_scheme", "http://host", one("//host"), nil, 403},
		{"H7_bad_scheme", "http://host", one("h ttp://host"), nil, 403},
		{"H7_scheme_from_digit", "http://host", one("1http://host"), nil, 403},
		{"H7_no_host", "http://host", one("http://"), nil, 403},
		{"H7_port_alone", "http://host", one("http://:80"), nil, 403},
		{"H7_userinfo", "http://host", one("http://host@evil"), nil, 403},
		{"H7_userinfo_the_other_way", "http://host", one("http://evil@host"), nil, 403},
		{"H7_userinfo_with_port", "http://host", one("http://host:80@evil"), nil, 403},
		{"H7_path", "http://host", one("http://host/"), nil, 403},
		{"H7_query", "http://host", one("http://host?x"), nil, 403},
		{"H7_fragment", "http://host", one("http://host#x"), nil, 403},
		{"H7_backslash", "http://host", one(`http://host\@evil`), nil, 403},
		{"H7_list", "http://host", one("http://host http://evil"), nil, 403},
		{"H7_comma", "http://host", one("http://host,http://host"), nil, 403},
		{"H7_percent", "http://host", one("http://h%6fst"), nil, 403},
		{"H7_IDN", "http://xn--e1afmkfd.example", one("http://пример.example"), nil, 403},
		{"H7_Kelvin_sign", "http://kill.example", one("http://\u212aill.example"), nil, 403},
		{"H7_empty_label", "http://a.b", one("http://a..b"), nil, 403},
		{"H7_dot_first", "http://host", one("http://.host"), nil, 403},
		{"H7_no_port_after_colon", "http://host", one("http://host:"), nil, 403},
		{"H7_port_with_sign", "http://host", one("http://host:+80"), nil, 403},
		{"H7_port_too_large", "http://host", one("http://host:65616"), nil, 403}, // 80 if only 16 bits are looked at
		{"H7_port_twice", "http://host", one("http://host:80:80"), nil, 403},
		{"H7_IPv6_without_brackets", "http://[::1]", one("http://::1"), nil, 403},
		{"H7_IPv6_unclosed", "http://[::1]", one("http://[::1"), nil, 403},
		{"H7_IPv6_unclosed_with_port", "http://[::1]", one("http://[::1:80"), nil, 403},
		{"H7_IPv6_zone", "http://[fe80::1]", one("http://[fe80::1%eth0]"), nil, 403},
		{"H7_IPv6_tail", "http://[::1]", one("http://[::1]x"), nil, 403},
		{"H7_IPv4_in_brackets", "http://127.0.0.1", one("http://[127.0.0.1]"), nil, 403},
		{"H7_Host_malformed_too", "http://a/b", one("http://a/b"), nil, 403},

		{"10.2_exact", "http://host", one("https://example.org"), one("https://other.org", "https://example.org"), 0},
		{"10.2_exact_other_case", "http://host", one("https://example.org:443"), one("HTTPS://Example.ORG"), 0},
		{"10.2_exact_port", "http://host", one("https://example.org:8443"), one("https://example.org:8443"), 0},
		{"10.2_other_port", "http://host", one("https://example.org:8444"), one("https://example.org:8443"), 403},
		{"10.2_other_scheme", "http://host", one("http://example.org"), one("https://example.org"), 403},
		{"10.2_extension_page", "http://host", one("chrome-extension://abcdef"), one("chrome-extension://abcdef"), 0},
		{"10.2_own_is_always_allowed", "http://host", one("http://host"), one("https://example.org"), 0},
		{"10.2_null_listed", "http://host", one("null"), one("null"), 0},
		{"10.2_null_is_not_a_host", "http://host", one("http://null"), one("null"), 403},
		{"10.2_null_in_other_case", "http://host", one("NULL"), one("null"), 403},
		{"10.2_default_port_of_ws", "http://host", one("ws://example.org:80"), one("ws://example.org"), 0},
		{"10.2_default_port_of_wss", "http://host", one("wss://example.org:443"), one("wss://example.org"), 0},
		{"10.2_no_default_port", "http://host", one("app://example.org:443"), one("app://example.org"), 403},
		{"10.2_scheme_with_plus_dot_and_digit", "http://host", one("a+b.c2-d://example.org"), one("a+b.c2-d://example.org"), 0},
		{"10.2_scheme_with_underscore", "http://host", one("a_b://example.org"), one("a_b://example.org"), 403},
		{"10.2_any", "http://host", one("https://evil"), one("*"), 0},
		{"10.2_any_null", "http://host", one("null"), one("*"), 0},
		{"10.2_any_malformed", "http://host", one("file://"), one("*"), 0},
		{"10.2_subdomain", "http://host", one("https://a.example.org"), one("https://*.example.org"), 0},
		{"10.2_subdomain_of_subdomain", "http://host", one("https://b.a.Example.org:443"), one("https://*.example.ORG"), 0},
		{"10.2_subdomain_with_port", "http://host", one("https://a.example.org:1"), one("https://*.example.org:1"), 0},
		{"10.2_wildcard_not_bare_domain", "http://host", one("https://example.org"), one("https://*.example.org"), 403},
		{"10.2_wildcard_whole_labels", "http://host", one("https://evilexample.org"), one("https://*.example.org"), 403},
		{"10.2_wildcard_not_suffix", "http://host", one("https://a.example.org.evil.com"), one("https://*.example.org"), 403},
		{"10.2_wildcard_empty_label", "http://host", one("https://.example.org"), one("https://*.example.org"), 403},
		{"10.2_wildcard_trailing_dot", "http://host", one("https://a.example.org."), one("https://*.example.org"), 403},
		{"10.2_wildcard_other_port", "http://host", one("https://a.example.org:8443"), one("https://*.example.org"), 403},
		{"10.2_wildcard_other_scheme", "http://host", one("http://a.example.org"), one("https://*.example.org"), 403},
		{"10.2_wildcard_in_the_origin", "http://host", one("https://*.example.org"), one("https://*.example.org"), 403},
		{"10.2_entry_malformed", "http://host", one("https://example.org"), one("example.org", "https://example.org/", ""), 403},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := readRequest(t, goodRequest)
			if host, ok := strings.CutPrefix(test.url, "https://"); ok {
				r.Host, r.TLS = host, new(tls.ConnectionState)
			} else {
				r.Host, _ = strings.CutPrefix(test.url, "http://")
			}
			if test.origin != nil {
				r.Header["Origin"] = test.origin
			}
			err := handshake.CheckOrigin(r, test.allowed)
			if test.status != 0 {
				wantRefusal(t, err, test.status, "rigin")
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// The refusal says what is wrong with a malformed origin. "null" is not malformed: it is
// what browsers send for a page that has no origin (RFC 6454 section 7.3).
func TestCheckOrigin_reasons(t *testing.T) {
	t.Parallel()
	for origin, want := range map[string]string{
		"https://evil":        `origin "https://evil" is not allowed`,
		"null":                `origin "null" is not allowed`,
		"evil":                `origin "evil": it is not of the form scheme://host:port`,
		"http://[1]":          `origin "http://[1]": what its brackets hold is not an IPv6 address`,
		"http://a:99999":      `origin "http://a:99999": its port is not a number up to 65535`,
		"http://a/" + long:    `origin "http://a/` + long[:31] + `"...: its host is not a name`,
		"http://" + long[:33]: `origin "http://` + long[:33] + `" is not allowed`,
	} {
		r := readRequest(t, goodRequest)
		r.Header.Set("Origin", origin)
		wantRefusal(t, handshake.CheckOrigin(r, []string{"null://x"}), 403, want)
	}
}

// long is longer than the part of it that is quoted in errors.
var long = strings.Repeat("x", 50)

// Anybody can send the headers in which proxies say what the request was.
func TestCheckOrigin_forwarded_headers_do_not_count(t *testing.T) {
	t.Parallel()
	r := readRequest(t, edit(goodRequest, "Host: inner", "Origin: https://example.org", "X-Forwarded-Host: example.org",
		"X-Forwarded-Proto: https", "Forwarded: host=example.org;proto=https"))
	wantRefusal(t, handshake.CheckOrigin(r, nil), 403, "is not allowed")
	r = readRequest(t, edit(goodRequest, "Origin: http://example.org", "X-Forwarded-Proto: http"))
	r.TLS = new(tls.ConnectionState)
	wantRefusal(t, handshake.CheckOrigin(r, nil), 403, "is not allowed")
}

func TestCheckOrigins(t *testing.T) {
	t.Parallel()
	good := []string{"*", "null", "https://example.org", "http://localhost:3000", "https://*.example.org", "https://*.example.org:8443", "http://[::1]:3000", "chrome-extension://abcdef"}
	if err := handshake.CheckOrigins(good); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{
		"", "example.org", "//example.org", "https://", "https://example.org/", "https://example.org/path", "https://a@example.org",
		"https://example.org:x", "https://example.org:", "https://*", "https://*.", "https://*.*.example.org", "https://a.*.example.org",
		"https://*example.org", "*.example.org", "*://example.org", "https://*.127.0.0.1", "https://*.[::1]", "https://[::1", "https://bücher.example",
		"https://a, https://b", " https://example.org", "Null",
	} {
		wantError(t, handshake.CheckOrigins(append(good[:len(good):len(good)], bad)), "allowed origin")
	}
}

// It isn't parallel: it counts allocations.
func TestCheckOrigin_allocations(t *testing.T) {
	r := readRequest(t, goodRequest)
	for _, origin := range []string{"http://example.org", "http://example.org:80", "https://a.example.net"} {
		r.Header = http.Header{"Origin": {origin}}
		allowed := []string{"https://example.net", "https://*.example.net"}
		if n := testing.AllocsPerRun(100, func() {
			if err := handshake.CheckOrigin(r, allowed); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations, want none", origin, n)
		}
	}
}
