package client_test

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/client"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	var alpn []string
	hs := httptest.NewUnstartedServer(echo)
	hs.EnableHTTP2 = true
	hs.StartTLS()
	defer hs.Close()
	getConfig := func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		alpn = h.SupportedProtos
		return nil, nil
	}
	hs.TLS.GetConfigForClient = getConfig
	c, _, err := (&client.Dialer{Proxy: noProxy, HTTPClient: hs.Client()}).Dial(ctx, ws(hs.URL))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"http/1.1"}, alpn); diff != "" {
		t.Error("C8: ALPN:", diff)
	}
	roundTrip(t, c)
	var unknown *tls.CertificateVerificationError
	if _, _, err := (&client.Dialer{Proxy: noProxy}).Dial(ctx, ws(hs.URL)); !errors.As(err, &unknown) {
		t.Error(err)
	}
	_, port, _ := net.SplitHostPort(hs.Listener.Addr().String())
	d := &client.Dialer{Proxy: noProxy, HTTPClient: hs.Client()}
	if _, _, err := d.Dial(ctx, "wss://localhost:"+port); err == nil { // the certificate is for 127.0.0.1
		t.Error("C8: a certificate for another name was accepted")
	}
}
