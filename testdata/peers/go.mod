module hawser/websocket/testdata/peers

go 1.25

require (
	github.com/klauspost/compress v1.20.1
	hawser/websocket v0.0.0
)

replace hawser/websocket => ../..
