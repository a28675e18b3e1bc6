// Several sockets on one connection, by Node's http2. It prints what is wrong.
const http2 = require('node:http2')
const session = http2.connect('https://' + process.argv[2], { rejectUnauthorized: false })

function frame(opcode, payload) {
  const mask = Buffer.from([1, 2, 3, 4])
  let head
  if (payload.length < 126) head = Buffer.from([0x80 | opcode, 0x80 | payload.length])
  else {
    head = Buffer.alloc(4)
    head[0] = 0x80 | opcode
    head[1] = 0x80 | 126
    head.writeUInt16BE(payload.length, 2)
  }
  return Buffer.concat([head, mask, payload.map((b, i) => b ^ mask[i % 4])])
}

function open(path, headers, protocol = 'websocket') {
  return new Promise((resolve, reject) => {
    const s = session.request({ ':method': 'CONNECT', ':protocol': protocol, ':path': path, 'sec-websocket-version': '13', ...headers })
    s.received = Buffer.alloc(0)
    s.on('data', p => { s.received = Buffer.concat([s.received, p]); s.wake && s.wake() })
    s.on('end', () => { s.ended = true; s.wake && s.wake() })
    s.on('response', h => resolve([s, h]))
    s.on('error', reject)
  })
}

async function until(s, done) { while (!done()) await new Promise(r => { s.wake = r }) }

async function socket(i) {
  const [s, h] = await open('/echo', { 'sec-websocket-protocol': 'chat' })
  if (h[':status'] !== 200 || h['sec-websocket-protocol'] !== 'chat') console.log('opened with', h)
  const text = Buffer.from('hello from ' + i + ' ' + 'x'.repeat(i * 300))
  s.write(frame(1, text))
  await until(s, () => s.received.length >= text.length + (text.length < 126 ? 2 : 4))
  if (!s.received.subarray(-text.length).equals(text)) console.log('received', s.received.toString())
  s.received = Buffer.alloc(0)
  s.write(frame(8, Buffer.from([0x0f, 0xa1]))) // 4001
  await until(s, () => s.ended)
  if (!s.received.equals(Buffer.from([0x88, 2, 0x0f, 0xa1]))) console.log('closed with', s.received)
  s.end()
}

session.on('error', e => { console.log('' + e); process.exit(1) })
session.on('goaway', () => console.log('goaway'))
session.on('remoteSettings', async settings => {
  if (!settings.enableConnectProtocol) console.log('extended CONNECT is not announced')
  for (const [path, protocol, headers, status] of [
    ['/refused', 'websocket', {}, 403],
    ['/echo', 'connect-udp', {}, 501],
    ['/echo', 'websocket', { 'sec-websocket-version': '8' }, 400],
    ['/echo', 'websocket', { origin: 'https://evil.example' }, 403]
  ]) {
    const [s, h] = await open(path, headers, protocol)
    if (h[':status'] !== status) console.log(path, protocol, h)
    s.close()
  }
  await Promise.all([...Array(50).keys()].map(socket))
  session.close()
})
