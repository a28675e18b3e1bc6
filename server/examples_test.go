package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/handshake"
	wsserver "hawser/websocket/server"
)

// A handler that needs the request: which room it's about, and who asks. Until Upgrade
// it's an ordinary handler, which can answer with a status.
func ExampleServer_Upgrade() {
	var s wsserver.Server
	mux := http.NewServeMux()
	mux.HandleFunc("/rooms/{room}", func(w http.ResponseWriter, r *http.Request) {
		user, _, ok := r.BasicAuth()
		if !ok {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		c, err := s.Upgrade(w, r)
		if err != nil {
			return // the client has been told
		}
		defer c.CloseNow()
		ctx := c.Context() // has the values of the request's context, and ends with c
		hello := fmt.Sprintf("hello %s in %s, from message %s", user, r.PathValue("room"), r.URL.Query().Get("from"))
		if err := c.Write(ctx, websocket.Text, []byte(hello)); err != nil {
			return
		}
		for m, err := range c.Messages(ctx) {
			if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
				return
			}
		}
	})
	hs := httptest.NewServer(mux)
	defer hs.Close()

	ctx := context.Background()
	url := strings.Replace(hs.URL, "http://", "ws://ada:secret@", 1)
	c, err := client.Dial(ctx, url+"/rooms/blue?from=7")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseNow()
	_, p, err := c.Read(ctx)
	fmt.Printf("%s %v\n", p, err)
	// Output: hello ada in blue, from message 7 <nil>
}

// Each message of anybody goes to everybody. Broadcast waits for nobody: who doesn't
// keep up is dealt with as [wsserver.Server.Slow] says.
func ExampleServer_Broadcast() {
	var s wsserver.Server
	s.Handler = func(ctx context.Context, c *websocket.Conn) {
		for m, err := range c.Messages(ctx) {
			if err != nil {
				return
			}
			s.Broadcast(websocket.NewPrepared(m.Type, m.Data))
		}
	}
	hs := httptest.NewServer(&s)
	defer hs.Close()

	ctx := context.Background()
	var clients []*websocket.Conn
	for range 3 {
		c, err := client.Dial(ctx, strings.Replace(hs.URL, "http", "ws", 1))
		if err != nil {
			fmt.Println(err)
			return
		}
		defer c.CloseNow()
		clients = append(clients, c)
	}
	clients[0].Write(ctx, websocket.Text, []byte("hello all"))
	for _, c := range clients {
		_, p, err := c.Read(ctx)
		fmt.Printf("%s %v\n", p, err)
	}
	// Output:
	// hello all <nil>
	// hello all <nil>
	// hello all <nil>
}

// A program that ends well: on a signal, connections are told to go, and have ten
// seconds for it. The timeouts of the [http.Server] are for plain requests.
func ExampleServer_Shutdown() {
	ws := &wsserver.Server{Handler: echo}
	hs := &http.Server{
		Addr: "localhost:8080", Handler: ws, ConnState: ws.ConnState,
		ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute,
	}
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	go func() {
		if err := hs.ListenAndServe(); err != http.ErrServerClosed {
			log.Fatal(err)
		}
	}()
	<-stop.Done()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := ws.Shutdown(ctx); err != nil {
		log.Print(err) // some had to be cut off
	}
	hs.Shutdown(ctx) // knows only of plain requests
}

// A page and a WebSocket at the same path, refusals as JSON, and no names but this
// machine's own.
func ExampleServer_refusals() {
	ws := &wsserver.Server{
		Handler: echo,
		Check:   func(r *http.Request) error { return handshake.CheckHost(r, nil) },
		Refuse: func(w http.ResponseWriter, _ *http.Request, refusal *handshake.Refusal) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(refusal.Status)
			json.NewEncoder(w).Encode(map[string]string{"error": refusal.Reason})
		},
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handshake.IsUpgrade(r) {
			ws.ServeHTTP(w, r)
			return
		}
		fmt.Fprint(w, "a page")
	})

	r := httptest.NewRequest("GET", "/", nil)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)

	r = httptest.NewRequest("GET", "http://rebound.example/", nil)
	r.Header = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
	w = httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 200 a page
	// 403 {"error":"this server is not known as \"rebound.example\""}
}

// With shares the limits, the Shutdown and the Stats of one Server among several
// endpoints.
func ExampleServer_With() {
	var s wsserver.Server
	http.Handle("/echo", s.With(echo))
	http.Handle("/time", s.With(func(ctx context.Context, c *websocket.Conn) {
		c.Write(ctx, websocket.Text, []byte(time.Now().String()))
	}))
}

// A server with nothing but WebSockets on its port, without net/http. What the Handler is
// to know of the request, here the room, is in the context that Check gives it.
func ExampleServer_Serve() {
	type room struct{}
	s := &wsserver.Server{
		Check: func(r *http.Request) error {
			name, ok := strings.CutPrefix(r.URL.Path, "/rooms/")
			if !ok {
				return &handshake.Refusal{Status: http.StatusNotFound, Reason: "there are only rooms here"}
			}
			*r = *r.WithContext(context.WithValue(r.Context(), room{}, name))
			return nil
		},
		Handler: func(ctx context.Context, c *websocket.Conn) {
			c.Write(ctx, websocket.Text, fmt.Appendf(nil, "welcome to %s", ctx.Value(room{})))
		},
	}
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()

	ctx := context.Background()
	c, err := client.Dial(ctx, "ws://"+l.Addr().String()+"/rooms/blue")
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
	_, p, err := c.Read(ctx)
	fmt.Printf("%s %v\n", p, err)
	_, err = client.Dial(ctx, "ws://"+l.Addr().String()+"/")
	fmt.Println(err)

	c.Close(1000, "")
	s.Shutdown(ctx)
	fmt.Println(<-ended)
	// Output:
	// welcome to blue <nil>
	// websocket: handshake failed: the server answers with status "404 Not Found" instead of 101: "there are only rooms here"
	// http: Server closed
}
