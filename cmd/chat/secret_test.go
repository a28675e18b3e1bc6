package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecretsInHeaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, value, want string }{
		{"Authorization", "Bearer abc.def", "Bearer ***"},
		{"proxy-authorization", "Basic eDp5", "Basic ***"},
		{"Authorization", "abcdef", "***"},
		{"Cookie", "a=b; c=d", "***"},
		{"Set-Cookie", "a=b; Path=/", "***"},
		{"X-Api-Key", "abc", "***"},
		{"apikey", "abc", "***"},
		{"X-Auth-Token", "abc", "***"},
		{"X-Amz-Security-Token", "abc", "***"},
		{"X-Hub-Signature", "abc", "***"},
		{"X-Any", "Bearer abc", "***"},
		{"X-Any", "eyJhbGciOi.x.y", "***"},
		{"WWW-Authenticate", `Basic realm="x"`, `Basic realm="x"`},
		{"Sec-WebSocket-Key", "abc==", "abc=="},
		{"Sec-WebSocket-Accept", "abc=", "abc="},
		{"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits"},
		{"Origin", "https://example.org", "https://example.org"},
		{"Location", "https://me:abc@example.org/p?x=1&access_token=abc#id_token=abc", "https://***@example.org/p?x=1&access_token=***#id_token=***"},
		{"Link", "<https://example.org/?a=1;key=abc>; rel=next", "<https://example.org/?a=1;key=***; rel=next"},
		{"Sec-WebSocket-Protocol", "chat, v2", "chat, v2"},
		{"Sec-WebSocket-Protocol", "v10.stomp, bearer, abc", "v10.stomp, bearer, ***"},
		{"Sec-WebSocket-Protocol", "access_token,abc", "access_token, ***"},
		{"Sec-WebSocket-Protocol", "base64url.bearer.authorization.k8s.io.abc", "base64url.bearer.***"},
		{"Sec-WebSocket-Protocol", "bearer.eyJ.a.b", "bearer.***"},
		{"Sec-WebSocket-Protocol", "graphql-transport-ws, eyJhbGciOi.x.y", "graphql-transport-ws, ***"},
		{"Sec-WebSocket-Protocol", strings.Repeat("a", 41), "***"},
	} {
		if got := withoutSecret(tt.name, tt.value); got != tt.want {
			t.Errorf("%s: %s is shown as %s, want %s", tt.name, tt.value, got, tt.want)
		}
	}
}

func TestSecretsInURLs(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"ws://example.org/p?x=1":                         "ws://example.org/p?x=1",
		"ws://me:abc@example.org":                        "ws://***@example.org",
		"ws://me@example.org":                            "ws://***@example.org",
		"/p?access_token=abc&x=1&Api_Key=abc&sig=a%3Dbc": "/p?access_token=***&x=1&Api_Key=***&sig=***",
		"/p?x=1;password=abc":                            "/p?x=1;password=***",
		"/p@q?token=":                                    "/p@q?token=***",
	} {
		if got := hideInURL(in); got != want {
			t.Errorf("%s is shown as %s, want %s", in, got, want)
		}
	}
}

// TestVerboseWithoutSecrets: nothing of what one logs in with is in what -v shows,
// wherever it was given.
func TestVerboseWithoutSecrets(t *testing.T) {
	t.Parallel()
	url := serve(t)
	for _, args := range [][]string{
		{"-H", "X-Api-Key: abcdef", "-H", "Cookie: abcdef=abcdef", url + "/moved?access_token=abcdef", "-follow", "1"},
		{"-user", "abcdef:abcdef", url + "/1000"},
		{"-user", "me:abcdef", url + "/quoted"},
		{"-H", "Cookie: a=b; c=abcdef", url + "/quoted"},
		{"-H", "X-Api-Key: abcdef", strings.Replace(url, "ws://", "ws://me:abcdef@", 1) + "/quoted"},
		{"-subprotocol", "bearer", "-subprotocol", "abcdef", url + "/quoted"},
		{strings.Replace(url, "ws://", "ws://me:abcdef@", 1) + "/1000"},
		{"-subprotocol", "chat", "-subprotocol", "bearer", "-subprotocol", "abcdef", url + "/1000"},
		{"-proxy", "http://me:abcdef@" + strings.TrimPrefix(url, "ws://"), "ws://example.invalid/?token=abcdef"},
	} {
		_, _, errs := chat("", append([]string{"-v"}, args...)...)
		if strings.Contains(errs, "abcdef") || strings.Contains(errs, "bWU6YWJjZGVm") /* me:abcdef */ || !strings.Contains(errs, "***") {
			t.Errorf("%s:\n%s", args, errs)
		}
	}
}

// TestUsageErrorsWithoutSecrets: what's wrong with a value is told without it.
func TestUsageErrorsWithoutSecrets(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-user", "abcdef"},
		{"-H", "abcdef"},
		{"-H", "Authorization:", "Bearer", "abcdef"},
		{"-H", "Authorization: abcdef\x01"},
		{"-proxy", "abcdef"},
		{"-proxy", "http://me:abcdef@"},
		{"ws://me:abcdef@:bad"},
		{"ws://me:abc/def?abcdef@[:"},
	} {
		code, out, errs := chat("", args...)
		if code != exitUsage || strings.Contains(errs+out, "abcdef") {
			t.Errorf("%s: exit code %d, %q", args, code, errs)
		}
	}
}

// TestFlagsFromFiles: lines without text in a file of headers are no headers, and a
// file may be named from the user's home.
func TestFlagsFromFiles(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.WriteFile(filepath.Join(home, "h"), []byte("\n\nA: b\r\n \r\nC: d\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o, _, err := parse([]string{"-H", "@~/h", "ws://localhost"})
	if err != nil {
		t.Fatal(err)
	}
	if o.header.Get("A") != "b" || o.header.Get("C") != "d" || len(o.header) != 2 {
		t.Error(o.header)
	}
	if _, _, err := parse([]string{"-H", "", "ws://localhost"}); err == nil {
		t.Error("no error for an empty header")
	}
}
