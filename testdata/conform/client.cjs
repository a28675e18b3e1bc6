// An echo client with npm's ws, for a fuzzing server: client.cjs URL AGENT CASES
const WebSocket = require('ws')
const [url, agent, cases] = process.argv.slice(2)

function one(n) {
  return new Promise(resolve => {
    const ws = new WebSocket(`${url}/runCase?case=${n}&agent=${agent}`, { perMessageDeflate: { threshold: 0 } })
    const limit = setTimeout(() => ws.terminate(), 60000)
    ws.on('error', () => {})
    ws.on('message', (data, binary) => ws.send(data, { binary }))
    ws.on('close', () => {
      clearTimeout(limit)
      resolve()
    })
  })
}

async function main() {
  for (let n = 1; n <= Number(cases); n++) await one(n)
}

main()
