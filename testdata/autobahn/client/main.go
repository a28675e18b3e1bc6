// Command client is what Autobahn's fuzzingserver tests: it runs every case that
// the server offers, as an echo client, and has it write its report.
//
//	go run ./testdata/autobahn/client -url ws://127.0.0.1:9001
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
)

func main() {
	server := flag.String("url", "ws://127.0.0.1:9001", "`URL` of the fuzzingserver")
	agent := flag.String("agent", "hawser", "`name` in the report")
	insecure := flag.Bool("insecure", false, "don't verify the server's certificate")
	http2 := flag.Bool("http2", false, "use HTTP/2")
	only := flag.Int("case", 0, "run only the case with this `number`")
	demand := flag.Bool("demand", false, "demand of the server to compress without takeover and with a small window")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	t := &testee{
		url:   *server,
		agent: *agent,
		dialer: client.Dialer{
			Config: websocket.Config{
				MaxMessage:  16 << 20,
				Compression: &websocket.Compression{MinSize: -1},
			},
			TLSConfig: &tls.Config{InsecureSkipVerify: *insecure},
		},
	}
	if *http2 {
		t.dialer.HTTP2 = &client.HTTP2{Required: true}
	}
	if *demand {
		t.dialer.Config.Compression.Receive = websocket.Window{Bits: 12, NoTakeover: true}
	}
	if err := t.run(ctx, *only); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

type testee struct {
	url, agent string
	dialer     client.Dialer
}

func (t *testee) run(ctx context.Context, only int) error {
	count, err := t.count(ctx)
	if err != nil {
		return err
	}
	first, last := 1, count
	if only > 0 {
		first, last = only, only
	}
	for n := first; n <= last; n++ {
		if n%50 == 0 {
			fmt.Printf("case %d of %d\n", n, count)
		}
		if err := t.runCase(ctx, n); err != nil {
			return fmt.Errorf("case %d: %w", n, err)
		}
	}
	return t.report(ctx)
}

func (t *testee) dial(ctx context.Context, path string, query url.Values) (*websocket.Conn, error) {
	return dial(ctx, &t.dialer, t.url+path, query)
}

func dial(ctx context.Context, d *client.Dialer, address string, query url.Values) (*websocket.Conn, error) {
	c, _, err := d.Dial(ctx, address+"?"+query.Encode())
	return c, err
}

func (t *testee) count(ctx context.Context) (int, error) {
	c, err := t.dial(ctx, "/getCaseCount", nil)
	if err != nil {
		return 0, err
	}
	defer c.CloseNow()
	_, p, err := c.Read(ctx)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(p))
}

// runCase runs a case. Some of section 13 are for clients that offer to do without
// takeover, which is more than is offered by default: the server doesn't agree to
// compress then, and sends nothing. Such a case is run again with that offer.
func (t *testee) runCase(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	begun, err := t.converse(ctx, &t.dialer, n)
	if begun || err != nil {
		return err
	}
	d, k := t.dialer, *t.dialer.Config.Compression
	k.Send.NoTakeover = true
	d.Config.Compression = &k
	_, err = t.converse(ctx, &d, n)
	return err
}

// converse echoes until the server ends the case. How it ends is the server's to
// judge, so only a case that can't begin is an error. begun is whether there was
// compression, a message, or something wrong.
func (t *testee) converse(ctx context.Context, d *client.Dialer, n int) (begun bool, err error) {
	c, err := dial(ctx, d, t.url+"/runCase", url.Values{"case": {strconv.Itoa(n)}, "agent": {t.agent}})
	var refused *client.HandshakeError
	if errors.As(err, &refused) {
		fmt.Fprintf(os.Stderr, "case %d: %v\n", n, err)
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer c.CloseNow()
	begun = c.Compressed() != nil
	for m, err := range c.Messages(ctx) {
		if err != nil {
			var end *websocket.CloseError
			begun = begun || errors.As(err, &end) && end.Err != nil
			break
		}
		begun = true
		if c.Write(ctx, m.Type, m.Data) != nil {
			break
		}
	}
	return begun, ctx.Err()
}

// report asks for the report and waits until the server is through with it. How
// it ends that connection is up to the server.
func (t *testee) report(ctx context.Context) error {
	c, err := t.dial(ctx, "/updateReports", url.Values{"agent": {t.agent}})
	if err != nil {
		return err
	}
	defer c.CloseNow()
	for range c.Messages(ctx) {
	}
	return ctx.Err()
}
