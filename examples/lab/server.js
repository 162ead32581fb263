import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { Redis } from 'ioredis'
import { RedisStore } from 'koa-sess/redis'
import { createApp } from './app.js'
import { Lab } from './races/lab.js'

const { PORT = '3000', HOST = '127.0.0.1', REDIS_URL, STRICT = '1', TLS_PEM } = process.env
const GRACE_MS = 1000
const notes = []

const keys = secrets('SESSION_KEYS')
const sealKeys = STRICT === '0' ? undefined : secrets('SEAL_KEYS')
const pem = TLS_PEM && readFileSync(TLS_PEM)

const server = pem ? createTlsServer({ key: pem, cert: pem }, respond) : createServer(respond)
const starting = start()
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop)
await starting

/** Listens first, so that a taken port is known at once. Requests wait until the app is ready. */
async function start() {
  await listen()
  const redis = REDIS_URL ? await connect(REDIS_URL) : undefined
  const store = redis && new RedisStore({ client: redis })
  console.log('Playing the scenes …')
  const lab = await Lab.start()
  const { packages, measured } = lab
  console.log(`Played them on ${packages.length} packages in ${measured.ms} ms.`)
  const storeName = redis ? 'Redis' : 'memory'
  const { app, close } = createApp({ lab, keys, sealKeys, store, storeName })
  console.log(`Listening on ${origin()}`)
  for (const note of notes) console.log(note)
  const end = () => {
    close()
    lab.stop()
    store?.close()
    redis?.quit()
  }
  return { listener: app.callback(), end }
}

async function respond(request, response) {
  const { listener } = await starting
  listener(request, response)
}

/** Answers pending requests, then closes everything, so that the process ends. */
async function stop() {
  const { end } = await starting
  server.close(end)
  // Browsers keep unused connections open, which would delay the end.
  setTimeout(() => server.closeAllConnections(), GRACE_MS).unref()
}

function listen() {
  server.once('error', (error) => fail(explain(error)))
  return new Promise((resolve) => server.listen(port(), HOST, resolve))
}

function origin() {
  const name = HOST === '127.0.0.1' ? 'localhost' : HOST
  return `${pem ? 'https' : 'http'}://${name}:${server.address().port}`
}

function secrets(name) {
  const given = (process.env[name] ?? '').split(',').flatMap((key) => key.trim() || [])
  if (given.length > 0) return given
  notes.push(`${name} is not set: using a random key until this process ends.`)
  return [randomBytes(32).toString('base64url')]
}

async function connect(url) {
  const client = new Redis(url, { lazyConnect: true })
  let last = ''
  client.on('error', ({ message, code }) => {
    // Prints each problem once, not at every reconnect.
    const problem = message || code
    if (problem !== last) console.error(`Redis: ${problem}`)
    last = problem
  })
  client.on('ready', () => {
    last = ''
  })
  await client
    .connect()
    .catch(() => fail('Redis does not answer: correct REDIS_URL, or remove it.'))
  return client
}

function port() {
  const number = Number(PORT)
  if (Number.isInteger(number) && number >= 0 && number < 65_536) return number
  return fail(`PORT is ${PORT}, and must be a number from 0 to 65535.`)
}

function explain({ code, message }) {
  if (code === 'EADDRINUSE') return `Port ${PORT} is in use: choose another one with PORT.`
  return `Cannot listen on ${HOST}, port ${PORT}: ${message}`
}

function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}
