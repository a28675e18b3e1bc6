// Bun, whose server is uWebSockets and whose client is its own.
//
//	bun bun.mjs client ws://host:port     against cmd/echo
//	bun bun.mjs server                    an echo server
import assert from 'node:assert'
import crypto from 'node:crypto'

const [role, url] = process.argv.slice(2)

function connect(path, protocols = []) {
  const ws = new WebSocket(url + path, protocols)
  const events = [], waiting = []
  const emit = e => (waiting.length ? waiting.shift()(e) : events.push(e))
  ws.binaryType = 'arraybuffer'
  ws.onmessage = e => emit(typeof e.data === 'string' ? e.data : Buffer.from(e.data))
  ws.onclose = e => emit(`close ${e.code} ${e.reason} ${e.wasClean}`)
  ws.onerror = () => {}
  ws.next = () => (events.length ? Promise.resolve(events.shift()) : new Promise(r => waiting.push(r)))
  return new Promise(resolve => {
    ws.onopen = () => resolve(ws)
    ws.addEventListener('error', () => resolve(ws))
  })
}

async function client() {
  let ws = await connect('/', ['v9', 'chat'])
  assert.equal(ws.protocol, 'chat')
  assert.match(ws.extensions, /^permessage-deflate/)
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
  ws.close(4321, 'bye')
  assert.equal(await ws.next(), 'close 4321 bye true')

  ws = await connect('/echo')
  for (let i = 0; i < 10000; i++) ws.send(String(i))
  for (let i = 0; i < 10000; i++) assert.equal(await ws.next(), String(i))
  console.log('all passed')
  process.exit(0)
}

function server() {
  const s = Bun.serve({
    port: 0,
    fetch(req, s) {
      const offered = (req.headers.get('sec-websocket-protocol') ?? '').split(/, */)
      const headers = offered.includes('chat') ? { 'Sec-WebSocket-Protocol': 'chat' } : {}
      return s.upgrade(req, { headers }) ? undefined : new Response('a WebSocket server', { status: 426 })
    },
    websocket: {
      perMessageDeflate: true,
      maxPayloadLength: 64 << 20,
      backpressureLimit: 64 << 20,
      message(ws, m) {
        if (m === 'close me') ws.close(4000, 'as you wish')
        else ws.send(m, true)
      },
    },
  })
  console.log('port ' + s.port)
}

if (role === 'client') {
  client().catch(e => {
    console.error(e)
    process.exit(1)
  })
} else server()
