package runner_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/cmd/conform/internal/cases"
	"hawser/websocket/cmd/conform/internal/data"
	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/cmd/conform/internal/runner"
	"hawser/websocket/server"
)

var config = websocket.Config{MaxMessage: 16 << 20, Compression: &websocket.Compression{}}

// demanding is for a client that asks the server for something, so that there are
// answers which are none to that.
var demanding = websocket.Config{Compression: &websocket.Compression{Receive: websocket.Window{Bits: 12, NoTakeover: true}}}

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// everywhere runs a test on pipes, where no time passes that nobody waits for, and
// on sockets.
func everywhere(t *testing.T, test func(t *testing.T, l net.Listener, dial dialFunc)) {
	t.Parallel()
	t.Run("pipe", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l := newMemory()
			test(t, l, l.dial)
		})
	})
	t.Run("loopback", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		test(t, l, new(net.Dialer).DialContext)
	})
}

// TestOurServer runs every case of the short sections against the server of this
// module.
func TestOurServer(t *testing.T) {
	everywhere(t, func(t *testing.T, l net.Listener, dial dialFunc) {
		s := &server.Server{Config: config, Handler: func(ctx context.Context, c *websocket.Conn) { echo(ctx, c) }}
		h := &http.Server{Handler: s}
		served := make(chan error, 1)
		go func() { served <- h.Serve(l) }()
		all := short(cases.Servers)
		results := map[string]*cases.Result{}
		c := &runner.Client{
			Env:   cases.Env{Target: target(l, dial), Data: data.New(), Patience: patience(l)},
			Cases: all, Parallel: 16, Done: func(_ int, r *cases.Result) { results[r.Case.ID] = r },
		}
		c.Run(t.Context(), "ours")
		s.Shutdown(t.Context())
		h.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		check(t, all, results)
	})
}

// TestOurClient runs every case of the short sections against the client of this
// module.
func TestOurClient(t *testing.T) {
	everywhere(t, func(t *testing.T, l net.Listener, dial dialFunc) {
		all := short(cases.Clients)
		results := map[string]*cases.Result{}
		s := &runner.Server{
			Env: cases.Env{Data: data.New(), Patience: patience(l)}, Cases: all,
			Done:   func(_ string, _ int, r *cases.Result) { results[r.Case.ID] = r },
			Update: func(string) bool { return true },
		}
		served := make(chan error, 1)
		go func() { served <- s.Serve(t.Context(), l) }()
		d := &client.Dialer{Config: config, DialContext: dial, Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }}
		base := "ws://" + l.Addr().String()
		if got := ask(t, d, base+"/getCaseCount"); got != fmt.Sprint(len(all)) {
			t.Errorf("%q cases are offered, there are %d", got, len(all))
		}
		if got := ask(t, d, base+"/getCaseInfo?case=1"); !strings.Contains(got, `"id": "1.1.1"`) {
			t.Errorf("the first case is %q", got)
		}
		var group sync.WaitGroup
		numbers := make(chan int)
		for range 16 {
			group.Go(func() {
				for n := range numbers {
					d := *d
					if strings.HasPrefix(all[n-1].ID, "14.5.") {
						d.Config = demanding
					}
					c, _, err := d.Dial(t.Context(), fmt.Sprintf("%s/runCase?case=%d&agent=ours", base, n))
					if err == nil {
						echo(t.Context(), c)
						c.CloseNow()
					}
				}
			})
		}
		for n := range all {
			numbers <- n + 1
		}
		close(numbers)
		group.Wait()
		if got := ask(t, d, base+"/getCaseStatus?case=1&agent=ours"); got != `{"behavior": "OK"}` {
			t.Errorf("the status of the first case is %q", got)
		}
		ask(t, d, base+"/updateReports?agent=ours")
		if err := <-served; err != nil {
			t.Error(err)
		}
		check(t, all, results)
	})
}

func echo(ctx context.Context, c *websocket.Conn) {
	for m, err := range c.Messages(ctx) {
		if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
			return
		}
	}
}

// ask returns the text of the first message behind a URL, "" if there is none.
func ask(t *testing.T, d *client.Dialer, url string) string {
	t.Helper()
	c, _, err := d.Dial(t.Context(), url)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer c.CloseNow()
	_, p, err := c.Read(t.Context())
	if err != nil {
		return ""
	}
	return string(p)
}

func target(l net.Listener, dial dialFunc) *engine.Target {
	return &engine.Target{URL: &url.URL{Scheme: "ws", Host: l.Addr().String(), Path: "/"}, DialContext: dial}
}

// patience is for a machine that has other things to do as well. On pipes only
// what the suite waits for takes time.
func patience(l net.Listener) float64 {
	if _, ok := l.(*memory); ok {
		return 1
	}
	return 5
}

func short(who cases.Testee) (all []*cases.Case) {
	for _, c := range cases.All(who) {
		if !c.Long {
			all = append(all, c)
		}
	}
	return all
}

// check wants OK for every case, but where there is no such verdict.
func check(t *testing.T, all []*cases.Case, results map[string]*cases.Result) {
	t.Helper()
	for _, c := range all {
		r := results[c.ID]
		if r == nil {
			t.Errorf("case %s has no result", c.ID)
			continue
		}
		behavior, closes := cases.OK, cases.OK
		switch {
		case c.Shows:
			behavior, closes = cases.Informational, cases.Informational
		case unoffered[c.ID]:
			behavior = cases.Unimplemented
		case c.ID == "14.5.20": // our client tolerates a window that is too large
			behavior = cases.NonStrict
		}
		if r.Behavior != behavior || r.BehaviorClose != closes {
			t.Errorf("case %s: sends %s. %s\n%s, close %s: %s %s", c.ID, c.Sends, c.Wants, r.Behavior, r.BehaviorClose, r.Text, r.CloseText)
		}
	}
}

// unoffered are cases about a client that does not offer what ours always offers,
// or that bounds its own window, which ours never does.
var unoffered = map[string]bool{"14.5.16": true, "14.5.17": true, "14.5.18": true}
