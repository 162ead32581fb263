import Keygrip from 'keygrip'
import { cookieOf, send } from '../in-process/request.mjs'
import { KEYS } from '../shared/packages.mjs'
import { HANDLERS } from '../shared/sessions.mjs'

const keygrip = new Keygrip(KEYS)

export const DAY = 86_400_000

/** Stores one session through the middleware. @returns a function that makes records like it. */
export async function learn(app, store) {
  app.handler = HANDLERS.create
  const cookie = cookieOf(await send(app.callback))
  const [, id] = /^koa\.sid=([^;]+)/.exec(cookie)
  const example = await store.load(keyOf(id))
  return (index) => example.replace('"id":4711', `"id":${1000 + (index % 9000)}`)
}

export const idOf = (index) => `user-${String(index).padStart(27, '0')}`

export const keyOf = (id) => `koa:sess:${id}`

export function cookieFor(index) {
  const pair = `koa.sid=${idOf(index)}`
  return `${pair}; koa.sid.sig=${keygrip.sign(pair)}`
}
