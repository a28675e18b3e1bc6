package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame/deflate"
)

// config is what all connections have, of either role.
func (o *options) config() websocket.Config {
	c := websocket.Config{MaxMessage: o.maxMessage, PingInterval: o.ping}
	if o.ping == 0 {
		c.PingInterval = -1
	}
	switch o.compress {
	case "fast":
		c.Compression = &websocket.Compression{}
	case "better":
		c.Compression = &websocket.Compression{Level: deflate.Better}
	}
	return c
}

// dialer returns the dialer that the flags ask for.
func (o *options) dialer() (*client.Dialer, error) {
	d := &client.Dialer{
		Config:       o.config(),
		Header:       o.header,
		Subprotocols: o.subprotocols,
		Timeout:      o.connectTime,
		MaxRedirects: o.follow,
		TLSConfig:    &tls.Config{InsecureSkipVerify: o.insecure},
		Proxy:        client.ProxyFromEnvironment,
	}
	if o.http2 {
		// Without TLS there's no way to ask, so who says so has to know.
		clear := !strings.HasPrefix(o.url, "wss:") && !strings.HasPrefix(o.url, "https:")
		d.HTTP2 = &client.HTTP2{Required: clear}
	}
	if o.unix != "" {
		d.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", o.unix)
		}
		o.proxy = "none"
	}
	if o.caCert != "" {
		pem, err := os.ReadFile(o.caCert)
		if err != nil {
			return nil, fmt.Errorf("-cacert: %w", err)
		}
		d.TLSConfig.RootCAs = x509.NewCertPool()
		if !d.TLSConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("-cacert: %s has no certificate", o.caCert)
		}
	}
	if o.cert != "" {
		cert, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return nil, fmt.Errorf("-cert: %w", err)
		}
		o.certificates = []tls.Certificate{cert}
		d.TLSConfig.Certificates = o.certificates
	}
	if o.proxy != "" {
		var err error
		if d.Proxy, err = parseProxy(o.proxy); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func parseProxy(s string) (func(*http.Request) (*url.URL, error), error) {
	if s == "none" {
		return func(*http.Request) (*url.URL, error) { return nil, nil }, nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return nil, errors.New("-proxy: not a URL such as http://host:port")
	}
	return http.ProxyURL(u), nil
}
