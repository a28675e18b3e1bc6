package websocket_test

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// What tests of all subjects use. Ways to join two Conns are in pairs_test.go, a peer
// that speaks bytes is in peer_test.go, transports that misbehave are in fakes_test.go.

// TestMain fails if a test leaves a goroutine behind. The fuzzing engine does.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(m.Run())
	}
	before := runtime.NumGoroutine()
	code := m.Run()
	deadline := time.Now().Add(10 * time.Second)
	for code == 0 && runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			fmt.Printf("goroutines left:\n%s\n", buf[:runtime.Stack(buf, true)])
			code = 1
		}
		runtime.Gosched()
	}
	os.Exit(code)
}

var ctx = context.Background()

// large allows what the tests of large messages need.
var large = websocket.Config{MaxMessage: 32 << 20}

// echo echoes until the end and returns how that came.
func echo(c *websocket.Conn) error {
	for m, err := range c.Messages(ctx) {
		if err != nil {
			return err
		}
		if err := c.Write(ctx, m.Type, m.Data); err != nil {
			return err
		}
	}
	return c.Err()
}

// goEcho echoes in a goroutine.
func goEcho(c *websocket.Conn) <-chan error {
	done := make(chan error, 1)
	go func() { done <- echo(c) }()
	return done
}

// closeError is err as what all ends are.
func closeError(t testing.TB, err error) *websocket.CloseError {
	t.Helper()
	var e *websocket.CloseError
	if !errors.As(err, &e) {
		t.Fatalf("error %v is not a *CloseError", err)
	}
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("error %v is not net.ErrClosed", err)
	}
	return e
}

// code is the code of the breach of the protocol that err holds.
func code(err error) frame.Code {
	var e *frame.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// waitFor waits until cond holds.
func waitFor(t testing.TB, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatal("it never happens")
		}
		runtime.Gosched()
	}
}

func text(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(i%23)
	}
	return string(b)
}

// noise is what no compression makes smaller.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// watchedContext tells when somebody asks for its channel, to wait for it.
type watchedContext struct {
	context.Context
	done    chan struct{}
	watched chan bool
}

func (c *watchedContext) Done() <-chan struct{} {
	c.watched <- true
	return c.done
}

func (c *watchedContext) Err() error {
	select {
	case <-c.done:
		return context.Canceled
	default:
		return nil
	}
}
