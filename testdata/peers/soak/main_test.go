package main

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"hawser/websocket"
)

func TestSoak(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("no /proc here")
	}
	var out bytes.Buffer
	ok, err := run(context.Background(), []string{"-for", "2s", "-conns", "100"}, &out)
	if !ok || err != nil {
		t.Errorf("%v, %v\n%s", ok, err, out.String())
	}
}

// TestTalker makes sure that a client notices a server that loses, doubles or
// changes messages, and nothing else.
func TestTalker(t *testing.T) {
	for _, test := range []struct {
		name  string
		echo  func(write func([]byte), n int, p []byte)
		wrong bool
	}{
		{"right", func(write func([]byte), n int, p []byte) { write(p) }, false},
		{"lost", func(write func([]byte), n int, p []byte) {
			if n != 3 {
				write(p)
			}
		}, true},
		{"doubled", func(write func([]byte), n int, p []byte) { write(p); write(p) }, true},
		{"changed", func(write func([]byte), n int, p []byte) { p[0] ^= 1; write(p) }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			c, s := websocket.Pipe(websocket.Config{}, websocket.Config{})
			defer s.CloseNow()
			go func() {
				n := 0
				for m, err := range s.Messages(ctx) {
					if err != nil {
						return
					}
					test.echo(func(p []byte) { s.Write(ctx, m.Type, p) }, n, m.Data)
					n++
				}
				s.Close(1000, "")
			}()
			j := newJudge(io.Discard)
			talk := &talker{c: c, rnd: rand.New(rand.NewPCG(1, 2)), j: j}
			ok := true
			for range 5 {
				burst, cancel := context.WithTimeout(ctx, time.Second)
				ok = ok && talk.burst(burst)
				cancel()
			}
			if ok {
				talk.end()
			}
			if (j.breaches > 0) != test.wrong {
				t.Errorf("%d breaches", j.breaches)
			}
		})
	}
}
