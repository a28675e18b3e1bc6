package netconn

import (
	"bytes"
	"io"
	"testing"

	"github.com/hashicorp/yamux"
)

// TestYamux: a multiplexer, with several streams at once in both directions.
func TestYamux(t *testing.T) {
	const streamsAtOnce, size = 8, 1 << 20
	for name := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := streams(t, name)
			quiet := yamux.DefaultConfig()
			quiet.LogOutput = io.Discard
			server, err := yamux.Server(b, quiet)
			if err != nil {
				t.Fatal(err)
			}
			client, err := yamux.Client(a, quiet)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
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
			if _, err := client.Ping(); err != nil {
				t.Error(err)
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
			<-server.CloseChan()
		})
	}
}

// echo sends want through a stream of its own and expects it back.
func echo(session *yamux.Session, want []byte) error {
	s, err := session.OpenStream()
	if err != nil {
		return err
	}
	go func() {
		s.Write(want)
		s.Close()
	}()
	got, err := io.ReadAll(s)
	if err == nil && !bytes.Equal(got, want) {
		err = io.ErrUnexpectedEOF
	}
	return err
}
