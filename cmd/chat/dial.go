package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"hawser/websocket"
	"hawser/websocket/client"
)

// dialer returns the dialer that the flags ask for.
func (o *options) dialer() (*client.Dialer, error) {
	d := &client.Dialer{
		Config:       websocket.Config{MaxMessage: o.maxMessage, PingInterval: o.ping},
		Header:       o.header,
		Subprotocols: o.subprotocols,
		Timeout:      o.timeout,
		MaxRedirects: o.follow,
		TLSConfig:    &tls.Config{InsecureSkipVerify: o.insecure},
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
		d.TLSConfig.Certificates = []tls.Certificate{cert}
	}
	switch o.proxy {
	case "":
	case "none":
		d.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	default:
		u, err := url.Parse(o.proxy)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("-proxy: not a URL such as http://host:port")
		}
		d.Proxy = http.ProxyURL(u)
	}
	return d, nil
}
