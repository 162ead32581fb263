import { once } from 'node:events'
import { io } from 'socket.io-client'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Browser } from '../support/browser.js'
import { visitProgram } from '../support/program.js'
import { readStream } from '../support/stream.js'
import { blocks, withFile } from './guide.js'

// That the programs run is shown with every other one; here, that their connections end.

/** Runs the program below a heading, and visits each of its servers with one browser. */
async function run(
  heading: string,
  visit: (browser: Browser, at: number) => Promise<unknown>,
): Promise<void> {
  let at = 0
  const [code] = blocks('docs/connections.md', heading, 'js')
  await withFile(`connections-${heading.replace(/\W+/g, '-')}`, code, (file) =>
    visitProgram(file, (browser) => visit(browser, at++)),
  )
}

const events = ({ origin, cookie }: Browser) => readStream(`${origin}/events`, cookie)

function connect(browser: Browser, headers = {}): WebSocket {
  const url = browser.origin.replace('http', 'ws')
  return new WebSocket(url, { headers: { cookie: browser.cookie, ...headers } })
}

test('WebSockets', async () => {
  await run('# Connections that end with their session', async (browser) => {
    await expect(once(connect(browser), 'open')).rejects.toThrow('401')
    await browser.get('/login')
    const foreign = connect(browser, { origin: 'https://other.example' })
    await expect(once(foreign, 'open')).rejects.toThrow('401')
    const ws = connect(browser)
    await once(ws, 'open')
    for (const count of [1, 2]) {
      ws.send('hello')
      expect(String((await once(ws, 'message'))[0])).toBe(`ada, message ${count}: hello`)
    }
    const closed = once(ws, 'close')
    await browser.get('/logout')
    const [code, reason] = await closed
    expect([code, String(reason)]).toEqual([4001, 'ended'])
  })
})

test('socket.io', async () => {
  await run('## socket.io', async (browser) => {
    await browser.get('/login')
    const client = io(browser.origin, {
      extraHeaders: { cookie: browser.cookie },
      reconnection: false,
    })
    await new Promise<void>((resolve) => client.once('connect', resolve))
    expect(await client.emitWithAck('who')).toBe('ada')
    const ended = new Promise((resolve) => client.once('end', resolve))
    await browser.get('/logout')
    expect(await ended).toBe('ended')
    client.close()
  })
})

test.each([
  ['Server-sent events with Koa', 'event: end\ndata: ended\n\n'],
  ['Express beside Koa', 'data: ended\n\n'],
])('%s', async (heading, last) => {
  await run(`## ${heading}`, async (browser) => {
    expect((await browser.get('/events')).status).toBe(401)
    await browser.get('/login')
    const { first, rest } = await events(browser)
    expect(first).toBe('data: hello\n\n')
    await browser.get('/logout')
    expect(await rest).toBe(last)
  })
})

test('bare http reads the sessions of Koa', async () => {
  const browsers: Browser[] = []
  await run('## Bare http', async (browser, at) => {
    browsers.push(browser)
    const [koa] = browsers
    if (at === 0 || !koa) return void (await browser.get('/login'))
    for (const [name, value] of koa.jar) browser.jar.set(name, value)
    expect((await browser.get('/')).text).toBe('ada')
    browser.jar.clear()
    expect((await browser.get('/')).text).toBe('no session')
  })
})

test('a graceful shutdown closes the sockets, and ends', async () => {
  await run('## A graceful shutdown', async (browser) => {
    await browser.get('/')
    const ws = connect(browser)
    await once(ws, 'open')
    const closed = once(ws, 'close')
    const [shutDown] = process.listeners('SIGTERM').slice(-1)
    browser.close()
    shutDown?.('SIGTERM')
    expect((await closed)[0]).toBe(1001)
  })
  process.removeAllListeners('SIGTERM')
})
