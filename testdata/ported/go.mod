module hawser/websocket/testdata/ported

go 1.25.0

require (
	github.com/mochi-mqtt/server/v2 v2.7.9
	github.com/sourcegraph/jsonrpc2 v0.2.3
)

require github.com/gorilla/websocket v1.5.3 // indirect
