import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

const SERVER = 'redis-server'
const START_MS = 10_000

/** Starts a Redis on a free loopback port, without persistence. */
export async function startRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'koa-sess-bench-'))
  const port = await freePort()
  const place = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder]
  const options = [...place, '--save', '', '--appendonly', 'no']
  const server = spawn(SERVER, options, { stdio: 'ignore' })
  const failed = once(server, 'error').then(([{ code }]) => {
    throw new Error(`${SERVER} did not start (${code}): is it installed, and on PATH?`)
  })
  const end = () => {
    server.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', end)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  const stop = async () => {
    process.off('exit', end)
    const runs = server.pid !== undefined && server.exitCode === null && server.signalCode === null
    const ended = runs ? once(server, 'exit') : undefined
    end()
    await ended
  }
  try {
    const version = await Promise.race([failed, answers(port)])
    return { url: `redis://127.0.0.1:${port}`, version, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Retries until the server answers. @returns its version. */
async function answers(port) {
  const client = new Redis(port, '127.0.0.1', {
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
    commandTimeout: START_MS,
  })
  client.on('error', () => undefined)
  try {
    const info = await client.info('server')
    return /redis_version:(\S+)/.exec(info)?.[1]
  } finally {
    client.disconnect()
  }
}
