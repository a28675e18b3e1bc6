package cases

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"hawser/websocket/cmd/conform/internal/data"
	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// Env is what cases run in: the testee, which is either a server to connect to or
// a client that has connected, and how much patience to have with it.
type Env struct {
	Target   *engine.Target  // nil if the testee is a client
	Request  *engine.Request // nil if the testee is a server
	Data     data.Set
	Keys     *Keys   // of the clients that have come; set where there is a Request
	Patience float64 // multiplies all waits for the testee
}

// Result is what there is to say about a run of a case.
type Result struct {
	Case                    *Case
	Behavior, BehaviorClose Verdict
	Text, CloseText         string
	Received                []engine.Event
	Opening                 engine.Opening
	End                     engine.End
	Log                     *engine.Log
	IsServer                bool // the suite was
	Started                 time.Time
	Duration                time.Duration
}

// Passed reports whether the testee did what it has to. With strict, what the RFC
// only recommends and what a testee needn't implement counts too.
func (r *Result) Passed(strict bool) bool {
	switch r.Behavior {
	case OK, Informational:
	case NonStrict, Unimplemented:
		if strict {
			return false
		}
	default:
		return false
	}
	return r.BehaviorClose == OK || r.BehaviorClose == Informational
}

// Run runs a case. It returns within the case's limit, whatever the testee does.
func Run(ctx context.Context, c *Case, env Env) *Result {
	start := time.Now()
	limit := c.limit(env.Patience)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	t := &T{Case: c, Env: env, ctx: ctx, log: engine.NewLog(), behavior: Failed, text: "What happened is none of what is expected."}
	switch {
	case c.Raw != nil:
		c.Raw(t)
	case t.Open():
		if c.Packed && t.Conn.Agreed == nil {
			t.verdict(Unimplemented, "The testee did not agree to permessage-deflate.")
		} else if c.Play != nil {
			c.Play(t)
		} else {
			t.script()
		}
	}
	if t.Conn != nil {
		if !t.Conn.Ended() && !t.Conn.Closing() && !c.End.ByPeer {
			t.Conn.CloseWith(1000)
		}
		t.Conn.Finish(t.receive)
	}
	r := &Result{
		Case: c, Received: t.received, Opening: t.Opening, Log: t.log, IsServer: env.Request != nil,
		Started: start.UTC(), Duration: time.Since(start),
		End: engine.End{LocalCode: engine.NoCode, RemoteCode: engine.NoCode, OpenTimeout: t.Opening.Timeout},
	}
	if t.Conn != nil {
		r.End = t.Conn.End
	}
	t.judge(r)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		r.Text += fmt.Sprintf(" The case was ended after its limit of %v.", limit)
	}
	return r
}

// limit is a bound that only a testee which does not do what it has to gets near
// to.
func (c *Case) limit(patience float64) time.Duration {
	d := 15 * time.Second
	if c.Limit > 0 {
		d += c.Limit
	}
	d += c.Wait
	for _, s := range c.Steps {
		if p, ok := s.(pause); ok {
			d += p.d
		}
	}
	return time.Duration(float64(d) * max(patience, 1))
}

// wait is d with patience.
func (t *T) wait(d time.Duration) time.Time {
	return time.Now().Add(time.Duration(float64(d) * t.Patience))
}

// random returns the source of all that is random in the case, the same in every
// run.
func (t *T) random() *rand.Rand {
	h := fnv.New64()
	io.WriteString(h, t.ID)
	return newRandom(h.Sum64())
}

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 6455)) }

// Open does the opening handshake as it should be. If that fails, the verdict is
// given and Open returns false.
func (t *T) Open() bool {
	err := t.open()
	if err != nil {
		t.verdict(Failed, fmt.Sprintf("The opening handshake failed: %v.", err))
	}
	return err == nil
}

func (t *T) open() error {
	if t.Request != nil {
		return t.accept()
	}
	return t.connect()
}

func (t *T) limits() engine.Limits { return engine.DefaultLimits(t.Patience) }

func (t *T) start(nc net.Conn, role frame.Role, before []byte, agreed *handshake.Deflate) {
	t.Conn = engine.NewConn(t.ctx, nc, engine.Setup{
		Role: role, Before: before, Agreed: agreed, Limits: t.limits(), Rand: t.random(), Log: t.log,
	})
}

func (t *T) connect() error {
	nc, err := t.Target.Connect(t.ctx)
	if err != nil {
		return err
	}
	key := engine.NewKey(rand.New(rand.NewPCG(rand.Uint64(), 0)))
	o, resp, rest, err := engine.Exchange(nc, t.Target.Head(key, t.Negotiate.Offer), 0, t.limits().Open)
	t.Opening = o
	if err == nil {
		err = checkAnswer(resp, key)
	}
	var agreed *handshake.Deflate
	if err == nil {
		agreed, err = readAnswer(resp.Header["Sec-Websocket-Extensions"])
	}
	if err != nil {
		nc.Close()
		return err
	}
	t.start(nc, frame.Client, rest, agreed)
	return nil
}

// refusal is an answer with another status than 101.
type refusal struct{ status int }

func (r refusal) Error() string { return fmt.Sprintf("status %d", r.status) }

// checkAnswer checks what makes an answer that of a WebSocket server.
func checkAnswer(resp *http.Response, key string) error {
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return refusal{resp.StatusCode}
	}
	if got, want := resp.Header.Get("Sec-WebSocket-Accept"), handshake.Accept(key); got != want {
		return fmt.Errorf("Sec-WebSocket-Accept is %q, should be %q", got, want)
	}
	return nil
}

func (t *T) accept() error {
	answer := ""
	if t.Negotiate.Accept != nil {
		// Offers that can't be parsed are none: section 24 looks at them.
		offers, _ := t.Request.Offers()
		answer = t.Negotiate.Accept(offers)
	}
	agreed, err := readAnswer(values(answer))
	if err != nil { // the answer is wrong on purpose
		agreed = nil
	}
	t.Opening = t.Request.Reply(t.Request.Answer(answer), 0, nil)
	t.start(t.Request.Conn, frame.Server, t.Request.Before, agreed)
	return nil
}

func values(header string) []string {
	if header == "" {
		return nil
	}
	return []string{header}
}

// verdict gives the verdict on behavior.
func (t *T) verdict(v Verdict, text string) { t.behavior, t.text = v, text }

func (t *T) failf(format string, args ...any) { t.verdict(Failed, fmt.Sprintf(format, args...)) }
func (t *T) okf(format string, args ...any)   { t.verdict(OK, fmt.Sprintf(format, args...)) }
func (t *T) nonStrictf(format string, args ...any) {
	t.verdict(NonStrict, fmt.Sprintf(format, args...))
}

// receive takes note of what the testee did.
func (t *T) receive(e engine.Event) {
	switch e.Kind {
	case engine.Message, engine.Ping, engine.Pong, engine.TimedOut:
		t.received = append(t.received, e)
	}
}

// next returns the next event by then, and takes note of it.
func (t *T) next(by time.Time) engine.Event {
	e := t.Conn.Receive(by)
	t.receive(e)
	return e
}

// fails waits for the testee to fail the connection, which it has a second for,
// and gives the verdict. What it sends before is a fault.
func (t *T) fails() {
	if t.failed(second) {
		return
	}
	t.Conn.Kill()
	t.failf("The connection was not failed within %v.", second)
}

// failed reports whether the testee fails the connection within d, and gives the
// verdict if it does or if it answers.
func (t *T) failed(d time.Duration) bool {
	t.Conn.Flush()
	sent := time.Now()
	for by := t.wait(d); ; {
		switch e := t.next(by); e.Kind {
		case engine.Nothing:
			return false
		case engine.Closed, engine.Gone:
			if t.Conn.End.Breach != "" {
				t.failf("The testee did something else.")
			} else {
				t.okf("The connection was failed after %v.", t.Conn.End.At.Sub(sent).Round(10*time.Microsecond))
			}
			return true
		case engine.Message, engine.Pong:
			t.failf("It was answered instead.")
			t.Conn.Kill()
			return true
		}
	}
}

// echo sends a message and waits for it to come back.
func (t *T) echo(op frame.Opcode, p []byte) bool {
	t.Conn.Message(op, p, 0)
	return t.echoes(t.wait(5*seconds), op, p)
}
