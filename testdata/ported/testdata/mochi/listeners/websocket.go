package listeners

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"hawser/websocket"
	"hawser/websocket/server"
)

const TypeWS = "ws"

// Websocket is the broker's listener for MQTT over WebSocket, on this library.
type Websocket struct {
	id, address string
	config      Config
	listen      *http.Server
	log         *slog.Logger
	establish   EstablishFn
	ws          server.Server
	end         sync.Once
	over        chan struct{} // closed by Close
}

func NewWebsocket(config Config) *Websocket {
	return &Websocket{
		id: config.ID, address: config.Address, config: config, over: make(chan struct{}),
		ws: server.Server{
			Subprotocols: []string{"mqtt"},
			Origins:      []string{"*"},                      // MQTT has its own authentication
			Config:       websocket.Config{PingInterval: -1}, // and its own keepalive
		},
	}
}

func (l *Websocket) ID() string      { return l.id }
func (l *Websocket) Address() string { return l.address }

func (l *Websocket) Protocol() string {
	if l.config.TLSConfig != nil {
		return "wss"
	}
	return "ws"
}

func (l *Websocket) Init(log *slog.Logger) error {
	l.log = log
	l.listen = &http.Server{
		Addr: l.address, Handler: http.HandlerFunc(l.handler), TLSConfig: l.config.TLSConfig,
		ReadTimeout: time.Minute, WriteTimeout: time.Minute,
	}
	return nil
}

func (l *Websocket) handler(w http.ResponseWriter, r *http.Request) {
	c, err := l.ws.Upgrade(w, r)
	if err != nil {
		return
	}
	defer c.CloseNow()
	if err := l.establish(l.id, websocket.NetConn(c, websocket.Binary)); err != nil {
		l.log.Warn("", "error", err)
	}
}

func (l *Websocket) Serve(establish EstablishFn) {
	l.establish = establish
	var err error
	if l.config.TLSConfig != nil {
		err = l.listen.ListenAndServeTLS("", "")
	} else {
		err = l.listen.ListenAndServe()
	}
	select {
	case <-l.over:
	default:
		l.log.Error("failed to serve.", "error", err, "listener", l.id)
	}
}

func (l *Websocket) Close(closeClients CloseFn) {
	l.end.Do(func() {
		close(l.over)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		l.listen.Shutdown(ctx)
	})
	closeClients(l.id)
}
