package netconn

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/xtaci/smux"
)

// TestSmux: a multiplexer, with several streams at once in both directions.
func TestSmux(t *testing.T) {
	const streamsAtOnce, size = 8, 1 << 20
	for name := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := streams(t, name)
			server, err := smux.Server(b, nil)
			if err != nil {
				t.Fatal(err)
			}
			client, err := smux.Client(a, nil)
			if err != nil {
				t.Fatal(err)
			}
			over := make(chan struct{})
			go func() {
				defer close(over)
				for {
					s, err := server.AcceptStream()
					if err != nil {
						return
					}
					go func() {
						io.Copy(s, s)
						s.Close()
					}()
				}
			}()
			done := make(chan error, streamsAtOnce)
			for i := range streamsAtOnce {
				go func() { done <- echo(client, bytes.Repeat([]byte{byte(i)}, size)) }()
			}
			for range streamsAtOnce {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
			<-over
			server.Close()
		})
	}
}

// echo sends want through a stream of its own and expects it back.
func echo(session *smux.Session, want []byte) error {
	s, err := session.OpenStream()
	if err != nil {
		return err
	}
	defer s.Close()
	go s.Write(want)
	got := make([]byte, len(want))
	_, err = io.ReadFull(s, got)
	if err == nil && !bytes.Equal(got, want) {
		err = errors.New("other bytes came back")
	}
	return err
}
