// The program serves a page with a chat in it that is written in Go:
//
//	go run ./cmd/echo -origins http://localhost:8000
//	go run ./testdata/browser
//
// and then http://localhost:8000 in a browser, or http://localhost:8000/?ws://host/path
// for another server.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"

	"hawser/websocket/testdata/browser/wasm"
)

func main() {
	addr := flag.String("addr", "localhost:8000", "`host:port` to listen on")
	flag.Parse()
	binary, err := wasm.Build("hawser/websocket/testdata/browser/chat", false)
	if err != nil {
		log.Fatal(err)
	}
	page, err := wasm.Page("Awesome Chat", binary)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", *addr)
	log.Fatal(http.ListenAndServe(*addr, page))
}
