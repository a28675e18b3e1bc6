package server

import (
	"net"

	"hawser/websocket/internal/belowtls"
)

// BelowTLS returns l for TLS to be put on, as in
//
//	http.Server.ServeTLS(server.BelowTLS(l), "cert.pem", "key.pem")
//	tls.NewListener(server.BelowTLS(l), config)
//
// Connections over TLS work without it too. With it, messages that clients send in a
// row are read together and their answers go out together, however many they are, as on
// plain connections. Of a connection from l that is no [net.TCPConn] nothing changes;
// of others, tls.Conn.NetConn returns one that has the methods of a TCP connection.
func BelowTLS(l net.Listener) net.Listener { return listenerBelowTLS{l} }

type listenerBelowTLS struct{ net.Listener }

func (l listenerBelowTLS) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return belowtls.New(nc), nil
}
