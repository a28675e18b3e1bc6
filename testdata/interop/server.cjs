// An echo server with npm's ws.
const { WebSocketServer } = require('ws')
const wss = new WebSocketServer({ port: 0, handleProtocols: p => (p.has('chat') ? 'chat' : false) })
wss.on('listening', () => console.log('port ' + wss.address().port))
wss.on('connection', ws => {
  ws.on('error', console.error)
  ws.on('message', (data, isBinary) => {
    if (data.toString() === 'close me') ws.close(4000, 'as you wish')
    else ws.send(data, { binary: isBinary })
  })
})
