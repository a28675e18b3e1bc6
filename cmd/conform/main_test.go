package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/server"
	"hawser/websocket/testdata/autobahn/report"
)

// conform runs the program.
func conform(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

func echoServer(t *testing.T, tls bool) *httptest.Server {
	t.Helper()
	h := &server.Server{
		Config:  websocket.Config{MaxMessage: 16 << 20, Compression: &websocket.Compression{MinSize: -1}},
		Handler: func(ctx context.Context, c *websocket.Conn) { echo(ctx, c) },
	}
	s := httptest.NewUnstartedServer(h)
	if tls {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func echo(ctx context.Context, c *websocket.Conn) {
	for m, err := range c.Messages(ctx) {
		if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
			return
		}
	}
}

func url(s *httptest.Server) string { return "ws" + strings.TrimPrefix(s.URL, "http") }

// TestWrongUse: what can't be right is told in one line, with exit code 1, before
// anything runs.
func TestWrongUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() }) // behind the parallel ones
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "ws://" + free.Addr().String()
	free.Close()
	secure := echoServer(t, true)
	for _, test := range []struct{ args, want string }{
		{"", `-mode "" is neither client nor server`},
		{"-mode proxy -url ws://h", `-mode "proxy" is neither client nor server`},
		{"-mode client", "-url is missing"},
		{"-mode client -url http://h", "begins with neither ws:// nor wss://"},
		{"-mode client -url ws://", "has no host"},
		{"-mode client -url ws://h:port", `invalid port ":port"`},
		{"-mode client -url ws://h/#f", "has a fragment"},
		{"-mode client -url ws://h x", `unknown argument "x"`},
		{"-mode client -url ws://h -cases 1.1.77", "there is no case 1.1.77"},
		{"-mode client -url ws://h -exclude nonsense.*", "there is no case nonsense.*"},
		{"-mode client -url ws://h -cases 9.* -short", "no case is left to run"},
		{"-mode client -url ws://h -parallel 0", "-parallel 0"},
		{"-mode client -url ws://h -patience -1", "-patience -1"},
		{"-mode client -url ws://h -patience NaN", "-patience NaN"},
		{"-mode client -url ws://h -data " + dir + "/missing", "-data: "},
		{"-mode client -url ws://h -cacert " + file("empty.pem", ""), "has no certificate"},
		{"-mode server -url wss://127.0.0.1:0 -cert " + file("c.pem", ""), "-cert and -key go together"},
		{"-mode client -url ws://h -H nonsense", "want Name: value"},
		{"-mode client -nonsense", "not defined: -nonsense"},
		{"-mode client -url " + nobody, "can't be reached"},
		{"-mode client -url " + url(secure), "can't be reached"},
		{"-mode server -url ws://" + l.Addr().String(), "address already in use"},
		{"-mode client -spec " + dir + "/missing.json", "no such file"},
		{"-mode client -spec " + file("syntax.json", "{\n\"cases\": [\n"), "syntax.json line 3: unexpected end"},
		{"-mode client -spec " + file("type.json", `{"cases": 1}`), "type.json: "},
		{"-mode client -spec " + file("none.json", `{"cases": ["1.*"]}`), "has no servers"},
		{"-mode server -spec " + file("none.json", `{"cases": ["1.*"]}`), "has no url"},
		{"-mode client -spec " + file("url.json", `{"servers": [{"agent": "a"}]}`), `the server "a" has no url`},
		{"-mode client -spec " + file("twice.json", `{"servers": [{"agent": "a", "url": "ws://h"}, {"agent": "a", "url": "ws://i"}]}`), `two servers with the agent "a"`},
		{"-mode client -spec " + file("bad.json", `{"servers": [{"url": "h"}]}`), "begins with neither"},
		{"-mode client -spec " + file("case.json", `{"servers": [{"url": "ws://h"}], "cases": ["77.*"]}`), "there is no case 77.*"},
		{"-mode client -url ws://h -spec " + file("both.json", `{}`), "-url and -agent are in the specification"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			code, out, err := conform(t, strings.Fields(test.args)...)
			if code != 1 || out != "" || !strings.Contains(err, test.want) || strings.Count(err, "\n") != 1 {
				t.Errorf("exit code %d, %q, %q; want 1 and %q", code, out, err, test.want)
			}
		})
	}
}

// TestReport: the report is what the tool that reads Autobahn's reads, and the
// pages are there.
func TestReport(t *testing.T) {
	t.Parallel()
	for _, tls := range []bool{false, true} {
		dir := t.TempDir()
		s := echoServer(t, tls)
		code, out, errs := conform(t, "-mode", "client", "-url", url(s)+"/path?query", "-insecure", "-cases", "1.1.*,3.2,6.4.1,7.1.6,12.1.1", "-out", dir, "-agent", "A & <B>")
		if code != 0 || errs != "" || !strings.Contains(out, "12 cases in ") || !strings.Contains(out, "11 OK, 1 INFORMATIONAL") {
			t.Errorf("exit code %d, %q, %q", code, out, errs)
		}
		r, err := report.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if faults := r.Check([]string{"1.1.1", "1.1.2", "1.1.3", "1.1.4", "1.1.5", "1.1.6", "1.1.7", "1.1.8", "3.2", "6.4.1", "7.1.6", "12.1.1"}); len(faults) > 0 {
			t.Errorf("%q", faults)
		}
		if v := r["3.2"]; v.Code != "1002" || v.SuiteCode != "1002" {
			t.Errorf("3.2: %v", v)
		}
		if v := r["12.1.1"]; !strings.HasPrefix(v.Answer, "permessage-deflate") || v.Offer != "permessage-deflate; client_no_context_takeover; client_max_window_bits" {
			t.Errorf("12.1.1: %v", v)
		}
		index, err := os.ReadFile(filepath.Join(dir, "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(index, []byte("A &amp; &lt;B&gt;")) || bytes.Contains(index, []byte("<B>")) {
			t.Error("the agent is not escaped")
		}
		links := regexp.MustCompile(`href="([^"]+\.html)"`).FindAllSubmatch(index, -1)
		if len(links) != 12 {
			t.Errorf("%d links", len(links))
		}
		for _, link := range links {
			page, err := os.ReadFile(filepath.Join(dir, string(link[1])))
			if err != nil || !bytes.Contains(page, []byte("GET /path?query HTTP/1.1")) || bytes.Contains(page, []byte("%!")) {
				t.Errorf("%s: %v", link[1], err)
			}
		}
	}
}

// TestFailedCases: exit code 2, and the report says which.
func TestFailedCases(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := httptest.NewServer(&server.Server{Handler: func(ctx context.Context, c *websocket.Conn) {
		for m, err := range c.Messages(ctx) {
			if err != nil || c.Write(ctx, websocket.Text, append(m.Data, '!')) != nil {
				return
			}
		}
	}})
	defer s.Close()
	code, out, errs := conform(t, "-mode", "client", "-url", url(s), "-cases", "1.1.1,2.2,12.1.1", "-out", dir)
	if code != 2 || errs != "" || !strings.Contains(out, "1.1.1    FAILED, close ") || !strings.Contains(out, "1 cases failed") || !strings.Contains(out, "1 UNIMPLEMENTED") {
		t.Errorf("exit code %d, %q, %q", code, out, errs)
	}
	if code, _, _ := conform(t, "-mode", "client", "-url", url(s), "-cases", "12.1.1", "-strict"); code != 2 {
		t.Errorf("UNIMPLEMENTED is exit code %d with -strict", code)
	}
	if code, out, _ := conform(t, "-mode", "client", "-url", url(s), "-cases", "1.*", "-fail-fast", "-parallel", "1"); code != 2 || !strings.Contains(out, "\n1 cases in ") {
		t.Errorf("-fail-fast: exit code %d, %q", code, out)
	}
}

// TestSpecifications: those of Autobahn's suite are taken as they are.
func TestSpecifications(t *testing.T) {
	t.Parallel()
	for mode, name := range map[string]string{"client": "fuzzingclient.json", "server": "fuzzingserver.json", "fuzzingclient": "fuzzingclient.json"} {
		code, out, errs := conform(t, "-mode", mode, "-spec", "../../testdata/autobahn/"+name, "-list")
		if code != 0 || errs != "" || strings.Count(out, "\n") != 517 {
			t.Errorf("%s: exit code %d, %d cases, %q", name, code, strings.Count(out, "\n"), errs)
		}
	}
	s, dir := echoServer(t, false), t.TempDir()
	spec, err := json.Marshal(map[string]any{
		"options": map[string]bool{"failByDrop": false}, "outdir": dir,
		"servers": []map[string]any{{"agent": "one", "url": url(s)}, {"agent": "two", "url": url(s), "options": map[string]int{"version": 18}}},
		"cases":   []string{"1.1.*", "8.*"}, "exclude-cases": []string{"1.1.8"}, "exclude-agent-cases": map[string][]string{"t*": {"1.1.1", "1.1.2"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "spec.json")
	if err := os.WriteFile(file, spec, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := conform(t, "-mode", "client", "-spec", file); code != 0 || !strings.Contains(out, "12 cases in ") {
		t.Errorf("exit code %d, %q, %q", code, out, errs)
	}
	text, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index map[string]map[string]any
	if err := json.Unmarshal(text, &index); err != nil || len(index["one"]) != 7 || len(index["two"]) != 5 {
		t.Errorf("%v: %d and %d cases", err, len(index["one"]), len(index["two"]))
	}
}

// lines hands out what is written to it, line by line.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
	all chan string
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Write(p)
	for {
		line, err := l.buf.ReadString('\n')
		if err != nil {
			l.buf.WriteString(line)
			return len(p), nil
		}
		l.all <- line
	}
}

// TestServerMode: a client runs the cases over ws and wss, and the program ends
// when it has its report.
func TestServerMode(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"ws", "wss"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			out := &lines{all: make(chan string, 100)}
			var errs bytes.Buffer
			ended := make(chan int)
			go func() {
				ended <- run(t.Context(), []string{"-mode", "server", "-url", scheme + "://127.0.0.1:0", "-cases", "1.1.1,1.1.2,12.1.1", "-out", dir}, out, &errs)
			}()
			var base string
			var n int
			if _, err := fmt.Sscanf(<-out.all, "listening on %s with %d cases", &base, &n); err != nil || n != 3 {
				t.Fatal(n, err)
			}
			insecure := http.DefaultTransport.(*http.Transport).Clone()
			insecure.TLSClientConfig.InsecureSkipVerify = true
			d := client.Dialer{HTTPClient: &http.Client{Transport: insecure}, Config: websocket.Config{Compression: &websocket.Compression{}}}
			for i := range n {
				c, _, err := d.Dial(t.Context(), fmt.Sprintf("%s/runCase?case=%d&agent=test", base, i+1))
				if err != nil {
					t.Fatal(err)
				}
				echo(t.Context(), c)
			}
			c, _, err := d.Dial(t.Context(), base+"/updateReports?agent=test")
			if err != nil {
				t.Fatal(err)
			}
			for range c.Messages(t.Context()) {
			}
			if code := <-ended; code != 0 || errs.Len() > 0 {
				t.Errorf("exit code %d, %q", code, errs.String())
			}
			r, err := report.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			if faults := r.Check([]string{"1.1.1", "1.1.2", "12.1.1"}); len(faults) > 0 {
				t.Errorf("%q", faults)
			}
		})
	}
}

// TestClientThatLeavesOut: a case that a client has not run is none that passed.
func TestClientThatLeavesOut(t *testing.T) {
	t.Parallel()
	out := &lines{all: make(chan string, 100)}
	var errs bytes.Buffer
	ended := make(chan int)
	go func() {
		ended <- run(t.Context(), []string{"-mode", "server", "-url", "ws://127.0.0.1:0", "-cases", "1.1.1,1.1.2,1.1.3", "-quiet"}, out, &errs)
	}()
	var base string
	if _, err := fmt.Sscanf(<-out.all, "listening on %s with", &base); err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(t.Context(), base+"/runCase?case=2&agent=test")
	if err != nil {
		t.Fatal(err)
	}
	echo(t.Context(), c)
	if c, err = client.Dial(t.Context(), base+"/updateReports?agent=test"); err != nil {
		t.Fatal(err)
	}
	for range c.Messages(t.Context()) {
	}
	if code := <-ended; code != 2 || errs.Len() > 0 {
		t.Errorf("exit code %d, %q", code, errs.String())
	}
	<-out.all // the summary
	if line := <-out.all; line != "test has left out 2 cases\n" {
		t.Errorf("%q", line)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	if code, out, err := conform(t, "-h"); code != 0 || out != "" || !strings.Contains(err, "usage: conform -mode client|server") || !strings.Contains(err, "-patience") {
		t.Errorf("exit code %d, %q, %q", code, out, err)
	}
}
