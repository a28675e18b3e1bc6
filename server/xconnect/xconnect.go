// Package xconnect switches on what WebSockets over HTTP/2 need of net/http: servers
// that announce and accept the extended CONNECT (RFC 8441). Import it for that alone,
// in package main:
//
//	import _ "hawser/websocket/server/xconnect"
//
// It does what GODEBUG=http2xconnect=1 in the environment does, for which net/http looks
// once, when it's initialized; no directive //go:debug knows that setting. That this
// package is earlier follows from what it imports and from its path (see "Package
// initialization" in the language's specification); package server's function HTTP2
// tells if it was.
//
// The switch is for all HTTP/2 servers of the process: from then on browsers open their
// WebSockets by CONNECT on any of them, whatever the handler there makes of that. See
// docs/HTTP2.md.
package xconnect

import "os"

func init() {
	const setting = "http2xconnect=1"
	if all := os.Getenv("GODEBUG"); all != "" {
		os.Setenv("GODEBUG", all+","+setting)
	} else {
		os.Setenv("GODEBUG", setting)
	}
}
