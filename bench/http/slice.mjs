import assert from 'node:assert/strict'
import { LIMIT } from './limit.mjs'

const USERS = 100
const WARM_UP_SECONDS = 0.2

/** Measures one contender in one cell: requests/s, latencies in ms, CPU in µs for each request. */
export async function slice({ site, generator, redis }, cell, seconds) {
  // Otherwise the sessions of earlier slices would fill the memory.
  await redis.flushall()
  const { path, body, anonymous, connections: count } = cell
  const cookies = anonymous ? [undefined] : await site.login(USERS)
  await generator.ask('open', { port: site.port, path, body, cookies, count })
  await generator.ask('drive', WARM_UP_SECONDS)
  const before = await cpu(site, redis)
  const { requests, ...driven } = await generator.ask('drive', seconds)
  const after = await cpu(site, redis)
  await generator.ask('close')
  const each = (kind) => (after[kind] - before[kind]) / requests
  return { ...driven, user: each('user'), system: each('system'), redis: each('redis') }
}

async function cpu(site, redis) {
  const info = await redis.info('cpu')
  const seconds = (kind) => Number(new RegExp(`used_cpu_${kind}:(\\S+)`).exec(info)[1])
  return { ...(await site.cpu()), redis: (seconds('user') + seconds('sys')) * 1e6 }
}

/** Asserts that a contender sends the expected body, and the cookie when the cell says so. */
export async function check(site, { path, body, sends, anonymous }) {
  const [cookie] = anonymous ? [] : await site.login(1)
  const answer = await site.get(path, cookie)
  const label = `${site.name}, ${path}`
  assert.equal(answer.body, body, `${label}: body`)
  assert.equal(answer.cookie !== '', sends && site.name !== LIMIT, `${label}: Set-Cookie`)
}
