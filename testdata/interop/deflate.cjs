// permessage-deflate with npm's ws, with every combination of parameters that it
// can offer and answer.
//
//	node deflate.cjs ws://host:port/echo   against an echo server
//	node deflate.cjs                       as echo servers, one for each line printed
const assert = require('assert')
const crypto = require('crypto')
const { WebSocket, WebSocketServer } = require('ws')

const combinations = []
for (const serverNoContextTakeover of [undefined, true])
  for (const clientNoContextTakeover of [undefined, true])
    for (const serverMaxWindowBits of [undefined, 9, 12, 15])
      for (const clientMaxWindowBits of [undefined, true, 9, 15])
        combinations.push({ serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits, threshold: 0 })

// json makes about n bytes that can be compressed, and are never the same.
function json(n) {
  let s = ''
  while (s.length < n) s += JSON.stringify({ id: crypto.randomInt(1e6), name: 'somebody', text: 'what a day: ' + crypto.randomInt(1e9) })
  return s.slice(0, n)
}

async function meet(url, perMessageDeflate, sizes) {
  const ws = new WebSocket(url, { perMessageDeflate, maxPayload: 1 << 25 })
  await new Promise((resolve, reject) => ws.on('open', resolve).on('error', reject))
  assert.equal(ws.extensions, 'permessage-deflate')
  const echo = () => new Promise((resolve, reject) => {
    ws.once('message', (data, binary) => resolve(binary ? data : data.toString()))
    ws.once('close', (code, reason) => reject(new Error(`close ${code} ${reason}`)))
  })
  for (const n of sizes) {
    for (const compress of [true, false]) {
      const text = json(n)
      let got = echo()
      ws.send(text, { compress })
      assert.equal(await got, text)

      const data = n % 2 ? crypto.randomBytes(n) : Buffer.from(json(n))
      got = echo()
      const a = crypto.randomInt(n + 1), b = a + crypto.randomInt(n - a + 1)
      ws.send(data.subarray(0, a), { compress, fin: false, binary: true })
      ws.ping()
      ws.send(data.subarray(a, b), { compress, fin: false, binary: true })
      ws.send(data.subarray(b), { compress, fin: true, binary: true })
      assert((await got).equals(data), n + ' bytes in fragments')
    }
  }
  ws.removeAllListeners('close')
  ws.close()
  await new Promise(resolve => ws.on('close', resolve))
}

async function client(url) {
  for (const c of combinations) {
    try {
      await meet(url, c, [0, 1, 20, 125, 126, 1000, 5000, 40000, 100000])
    } catch (e) {
      e.message += ' with ' + JSON.stringify(c)
      throw e
    }
  }
  await meet(url, true, [1 << 20, (1 << 24) - 1, 1 << 24])
  console.log('all passed: ' + combinations.length)
  process.exit(0)
}

function servers() {
  for (const c of combinations) {
    // ws fails a handshake whose offer it can't meet, instead of declining it.
    if (c.clientMaxWindowBits === true) continue
    const wss = new WebSocketServer({ port: 0, perMessageDeflate: c, maxPayload: 1 << 25 })
    wss.on('listening', () => console.log(`port ${wss.address().port} ${JSON.stringify(c)}`))
    wss.on('connection', ws => {
      ws.on('error', console.error)
      ws.on('message', (data, binary) => ws.send(data, { binary, compress: data.length % 3 > 0 }))
    })
  }
}

if (process.argv[2]) client(process.argv[2]).catch(e => { console.error(e); process.exit(1) })
else servers()
