import { fork } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'tsdown'
import { afterAll, beforeAll, expect, test } from 'vitest'

const folder = join(import.meta.dirname, 'generated')
const root = join(import.meta.dirname, '../..')

beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  await build({
    config: false,
    entry: { 'koa-sess': join(root, 'src/index.ts') },
    format: 'esm',
    outDir: folder,
    clean: false,
    dts: false,
    logLevel: 'silent',
  })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// In a process of its own, as DEBUG and NODE_DEBUG are read once.
const PROGRAM = `
import { request } from 'node:http'
import Koa from 'koa'
import session from './koa-sess.mjs'

const app = new Koa()
app.keys = ['a long random secret']
app.use(session({ encryption: { keys: ['a secret of thirty-two bytes or more'] }, hashIds: true }))
app.use((ctx) => {
  if (ctx.path === '/throw') ctx.session.cycle = ctx.session
  ctx.session.secret = 'what-nobody-may-read'
  ctx.body = 'done'
})
const server = app.listen(0, '127.0.0.1', async () => {
  let cookie = ''
  for (const path of ['/', '/', '/throw']) {
    const headers = await new Promise((resolve) => {
      const { port } = server.address()
      request({ port, path, headers: { cookie } }, (reply) => resolve(reply.resume().headers)).end()
    })
    cookie = (headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ') || cookie
  }
  process.send(cookie)
  process.disconnect()
  server.close()
  server.closeAllConnections()
})
`

test('X2: with DEBUG and NODE_DEBUG on, nothing prints an id, a cookie or data', async () => {
  const file = join(folder, 'program.mjs')
  writeFileSync(file, PROGRAM)
  const child = fork(file, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, DEBUG: '*', NODE_DEBUG: '*' },
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text) => {
      printed += text
    })
  let cookie = ''
  child.on('message', (text) => {
    cookie = String(text)
  })
  await new Promise((resolve) => child.on('close', resolve))
  const [id = '', signature = ''] = cookie.split('; ').map((pair) => pair.split('=')[1] ?? '')
  expect([id.length, signature.length]).toEqual([32, 27])
  expect(printed).toContain('JSON cannot write')
  for (const secret of [id, signature, 'what-nobody-may-read'])
    expect(printed).not.toContain(secret)
})
