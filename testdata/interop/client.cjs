// npm's ws against cmd/echo: node client.cjs ws://host:port [wait]
const assert = require('assert')
const crypto = require('crypto')
const WebSocket = require('ws')

const [url, wait] = process.argv.slice(2)

// connect resolves to a socket with next(), which resolves to the next event.
function connect(path, ...args) {
  const ws = new WebSocket(url + path, ...args)
  const events = [], waiting = []
  const emit = e => (waiting.length ? waiting.shift()(e) : events.push(e))
  ws.on('message', (data, isBinary) => emit(isBinary ? data : data.toString()))
  ws.on('pong', data => emit('pong ' + data))
  ws.on('close', (code, reason) => emit(`close ${code} ${reason}`))
  ws.on('unexpected-response', (_, res) => emit('status ' + res.statusCode))
  ws.on('error', e => emit('error ' + e.message))
  ws.next = () => (events.length ? Promise.resolve(events.shift()) : new Promise(r => waiting.push(r)))
  return new Promise(resolve => {
    ws.on('open', () => resolve(ws))
    ws.on('unexpected-response', () => resolve(ws))
  })
}

async function main() {
  if (wait) {
    const ws = await connect('/echo')
    ws.on('close', code => console.log('closed', code))
    console.log('open')
    return
  }
  let ws = await connect('/', ['v9', 'chat'])
  assert.equal(ws.protocol, 'chat')
  assert.equal(ws.extensions, 'permessage-deflate')
  assert.equal(await ws.next(), 'Welcome to Awesome Chat')
  for (const m of ['hello', '', 'Привет, мир 😀', 'x'.repeat(1 << 20)]) {
    ws.send(m)
    assert.equal(await ws.next(), m)
  }
  for (const n of [0, 1, 125, 126, 65535, 65536, 5 << 20]) {
    const m = crypto.randomBytes(n)
    ws.send(m)
    assert((await ws.next()).equals(m), n + ' bytes')
  }
  ws.send('frag', { fin: false })
  ws.ping('?')
  ws.send('ments', { fin: true })
  assert.equal(await ws.next(), 'pong ?')
  assert.equal(await ws.next(), 'fragments')
  ws.close(4321, 'bye')
  assert.equal(await ws.next(), 'close 4321 bye')

  ws = await connect('/echo')
  const all = []
  for (let i = 0; i < 10000; i++) ws.send(String(i))
  for (let i = 0; i < 10000; i++) assert.equal(await ws.next(), String(i))
  ws.close()
  assert.match(await ws.next(), /^close 1005/)

  ws = await connect('/echo')
  ws._socket.write(Buffer.from('8100', 'hex')) // not masked
  assert.match(await ws.next(), /^close 1002/)

  ws = await connect('/', { origin: 'http://evil.example' })
  assert.equal(await ws.next(), 'status 403')
  console.log('all passed')
  process.exit(0)
}

main().catch(e => {
  console.error(e)
  process.exit(1)
})
