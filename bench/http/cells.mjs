import { NAME } from '../shared/sessions.mjs'

/** `sends`: the answer has to carry the cookie. `target`: requests/s relative to the limit. */
export const PATHS = {
  read: { path: '/read', body: NAME, sends: false, target: 1.2 },
  rolling: { path: '/rolling', body: NAME, sends: true, target: 1.2 },
  modify: { path: '/modify', body: 'ok', sends: true, target: 0.8 },
  new: { path: '/new', body: 'ok', sends: true, anonymous: true, target: 0.9 },
}

/** Requests/s relative to koa-session, in every cell. */
export const PEER_TARGET = 2

/** Every path at one number of connections, and reads at several more. */
export function cellsOf({ names, connections, sweep }) {
  const cells = names.map((name) => ({ name, connections, ...PATHS[name] }))
  const swept = names.includes('read') ? sweep.filter((number) => number !== connections) : []
  return [
    ...cells,
    ...swept.map((number) => ({ name: 'read', connections: number, ...PATHS.read })),
  ]
}
