package main

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hawser/websocket/cmd/internal/selfsigned"
)

// answering returns the address of a server that gives the same answer to every
// request, and then closes.
func answering(t *testing.T, answer string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				c.Read(make([]byte, 4096))
				io.WriteString(c, answer)
			}()
		}
	}()
	return l.Addr().String()
}

// TestFailures: every way not to get a connection, or to lose it, has its exit
// code and one line that says what happened.
func TestFailures(t *testing.T) {
	t.Parallel()
	url := serve(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	certificate, err := selfsigned.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	ca := filepath.Join(t.TempDir(), "ca")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	tlsAddr := strings.TrimPrefix(secure.URL, "https://")
	status := func(status string) string {
		return "ws://" + answering(t, "HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n")
	}
	switching := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	for _, tt := range []struct {
		name, args string
		code       int
		errs       string
	}{
		{"refused", "ws://127.0.0.1:1", exitConnect, "# socket error dial tcp 127.0.0.1:1: connect: connection refused"},
		{"unknown_host", "ws://nothing.invalid", exitConnect, "# socket error unknown host nothing.invalid"},
		{"timeout_of_the_handshake", "-connect-timeout 50ms ws://" + silent.Addr().String(), exitTimeout, "# socket error handshake failed: context deadline exceeded"},
		{"timeout", "-timeout 50ms ws://" + silent.Addr().String(), exitTimeout, "# timeout: 50ms are over"},
		{"301", status("301 Moved Permanently"), exitConnect, "301 Moved Permanently"},
		{"401", status("401 Unauthorized"), exitConnect, "401 Unauthorized"},
		{"403", status("403 Forbidden"), exitConnect, "403 Forbidden"},
		{"404", status("404 Not Found"), exitConnect, "404 Not Found"},
		{"426", status("426 Upgrade Required"), exitConnect, "426 Upgrade Required"},
		{"500", status("500 Internal Server Error"), exitConnect, "500 Internal Server Error"},
		{"200", status("200 OK"), exitConnect, "200 OK"},
		{"wrong_accept", "ws://" + answering(t, switching+"Sec-WebSocket-Accept: x\r\n\r\n"), exitConnect, "Sec-WebSocket-Accept"},
		{"garbage", "ws://" + answering(t, "SSH-2.0-OpenSSH\r\n"), exitConnect, "# socket error handshake failed: malformed HTTP"},
		{"nothing", "ws://" + answering(t, ""), exitConnect, "# socket error handshake failed: unexpected EOF"},
		{"TLS_authority", "wss://" + tlsAddr, exitConnect, "unknown authority; -cacert names whom to trust, -insecure trusts anybody"},
		{"TLS_name", "-cacert " + ca + " wss://127.0.0.2:" + strings.TrimPrefix(tlsAddr, "127.0.0.1:"), exitConnect, "127.0.0.2"},
		{"TLS_trusted", "-cacert " + ca + " wss://" + tlsAddr, exitConnect, "404 Not Found"},
		{"TLS_insecure", "-insecure wss://" + tlsAddr, exitConnect, "404 Not Found"},
		{"TLS_of_a_plain_server", "wss://" + strings.TrimPrefix(url, "ws://"), exitConnect, "TLS handshake with 127.0.0.1"},
		{"proxy_refused", "-proxy http://127.0.0.1:1 " + url, exitConnect, "proxy: dial tcp 127.0.0.1:1: connect: connection refused"},
		{"proxy_407", "-proxy http://" + strings.TrimPrefix(status("407 Proxy Authentication Required"), "ws://") + " " + url, exitConnect, "407 Proxy Authentication Required"},
		{"proxy_SOCKS", "-proxy socks5://" + answering(t, "nonsense") + " " + url, exitConnect, "proxy: "},
		{"close_1000", url + "/1000", exitNormal, ""},
		{"close_1001", url + "/close/1001", exitNormal, ""},
		{"close_without_a_code", url + "/none", exitNormal, ""},
		{"close_1002", url + "/close/1002", exitProtocol, "# socket closed 1002"},
		{"close_1003", url + "/close/1003", exitCutOff, "# socket closed 1003"},
		{"close_1007", url + "/close/1007", exitCutOff, "# socket closed 1007"},
		{"close_1008", url + "/close/1008", exitCutOff, "# socket closed 1008"},
		{"close_1009", url + "/close/1009", exitCutOff, "# socket closed 1009"},
		{"close_1011", url + "/1011", exitCutOff, `# socket closed 1011 oops\x07`},
		{"close_1012", url + "/close/1012", exitCutOff, "# socket closed 1012"},
		{"close_4000", url + "/4000", exitCutOff, "# socket closed 4000 go away"},
		{"cut_off", url + "/cut", exitCutOff, "# socket error"},
		{"reserved_opcode", url + "/breach", exitProtocol, "# socket error opcode 0x3 is reserved"},
		{"bad_UTF-8", url + "/raw/81 01 ff", exitProtocol, "# socket error text is not UTF-8"},
		{"masked_by_the_server", url + "/raw/81 81 00 00 00 00 61", exitProtocol, "# socket error"},
		{"bad_close_code", url + "/raw/88 02 03 ed", exitProtocol, "# socket error close frame with code 1005"},
		{"too_long", "-max-message 1000 " + url + "/large", exitCutOff, "longer than 1000 bytes; -max-message sets the limit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			args := strings.SplitN(tt.args, "ws", 2)
			args = append(strings.Fields(args[0]), "ws"+args[1])
			code, _, errs := chat("", append([]string{"-wait", "30s"}, args...)...)
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			found := 0
			for line := range strings.Lines(errs) {
				if strings.Contains(line, "socket error") || strings.Contains(line, "timeout:") || strings.Contains(line, "socket closed ") {
					found++
				}
			}
			if !strings.Contains(errs, tt.errs) || found > 1 {
				t.Errorf("%q lacks %q, or says too much", errs, tt.errs)
			}
		})
	}
}

// TestUsage: wrong flags and input.
func TestUsage(t *testing.T) {
	t.Parallel()
	url := serve(t)
	file := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(file, []byte("Authorization: Bearer xyz\nX: y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args, in string
		code     int
		errs     string
	}{
		{"/1000", "", 0, "# socket open\n# socket closed 1000\n"},
		{"/moved -follow 1", "", 0, "# socket open\n# socket closed 1000\n"},
		{"/secret -H @" + file + " -origin http://HOST -subprotocol chat -subprotocol v2", "", 0, "# socket open\n# socket closed 1000\n"},
		{"/echo", "a\n\xff\nb\n", exitUsage, "# input error: line 2 is not UTF-8"},
		{"/echo -max-message 100000", strings.Repeat("x", 300_000), exitUsage, "# input error: line 1 is longer than 100000 bytes"},
		{"/moved", "", exitConnect, "302 Found"},
		{"/secret", "", exitConnect, "401 Unauthorized"},
		{"http://HOST/1000", "", exitNormal, "# socket closed 1000\n"},
		{"ftp://HOST", "", exitUsage, "neither ws nor wss"},
		{"ws://user:secret@", "", exitUsage, "no host"},
		{"/echo -n 1 -listen :0", "", exitUsage, "exclude each other"},
		{"/echo -n -1", "", exitUsage, "can't be negative"},
		{"/echo -timeout 5", "", exitUsage, "-timeout: \"5\" has no unit: say 5s for seconds\n"},
		{"/echo -ping 1.5", "", exitUsage, "-ping: \"1.5\" has no unit: say 1.5s for seconds\n"},
		{"/echo -wait soon", "", exitUsage, "-wait: \"soon\" is not a duration such as 500ms, 5s or 2m\n"},
		{"/echo -wait -1", "", exitUsage, "can't be negative"},
		{"/moved -wait 1ms", "", exitConnect, ", to /echo; -follow 5 follows redirects\n"},
		{"/loop -follow 3", "", exitConnect, "after 3 redirects"},
		{"/echo -unix x -listen :0", "", exitUsage, "exclude each other"},
		{"/echo -unix x -proxy none", "", exitUsage, "-unix excludes"},
		{"/echo -n x", "", exitUsage, `invalid value "x" for flag -n: parse error`},
		{"/echo -user x", "", exitUsage, "not of the form name:password"},
		{"/echo#x", "", exitUsage, "it has a fragment"},
		{"HOST/1000", "", exitNormal, "# socket closed 1000"},
		{"/echo -x", "", exitUsage, "chat: unknown flag -x; chat -help lists them\n"},
		{"/echo ws://other", "", exitUsage, "more than one URL"},
		{"/echo -H nothing", "", exitUsage, "not of the form Name: value"},
		{"/echo -H @/nothing", "", exitUsage, "no such file"},
		{"/echo -cert x", "", exitUsage, "-cert and -key belong together"},
		{"/echo -cert x -key y", "", exitUsage, "-cert: open x"},
		{"/echo -cacert /nothing", "", exitUsage, "-cacert: open /nothing"},
		{"/echo -cacert " + file, "", exitUsage, "has no certificate"},
		{"/echo -proxy x", "", exitUsage, "-proxy: not a URL"},
		{"/echo -max-message 0", "", exitUsage, "-max-message must be positive"},
		{"/echo -connect-timeout 0", "", exitUsage, "-connect-timeout must be positive"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			args := strings.Fields(strings.ReplaceAll(tt.args, "HOST", strings.TrimPrefix(url, "ws://")))
			to := args[0]
			if strings.HasPrefix(to, "/") {
				to = url + to
			}
			code, _, errs := chat(tt.in, append(args[1:len(args):len(args)], to)...)
			if code != tt.code || !strings.Contains(errs, tt.errs) || strings.Contains(errs, "secret@") {
				t.Errorf("exit code %d, %q; want %d, %q", code, errs, tt.code, tt.errs)
			}
		})
	}
}
