// An echo server with npm's ws, which compresses if it's asked to.
const { WebSocketServer } = require('ws')
const wss = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 0 } })
wss.on('listening', () => console.log('port ' + wss.address().port))
wss.on('connection', ws => {
  ws.on('error', () => {})
  ws.on('message', (data, binary) => ws.send(data, { binary }))
})
