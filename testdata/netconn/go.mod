module hawser/websocket/testdata/netconn

go 1.26.0

replace hawser/websocket => ../..

require (
	github.com/xtaci/smux v1.5.58
	golang.org/x/net v0.62.0
	hawser/websocket v0.0.0
)
