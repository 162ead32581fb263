import { NAME } from '../shared/sessions.mjs'

/** `sends`: the response must set the cookie. `target`: requests/s relative to the limit. */
export const PATHS = {
  read: { path: '/read', body: NAME, sends: false, target: 1.2 },
  rolling: { path: '/rolling', body: NAME, sends: true, target: 1.2 },
  modify: { path: '/modify', body: 'ok', sends: true, target: 0.8 },
  new: { path: '/new', body: 'ok', sends: true, anonymous: true, target: 0.9 },
}

/** The target in every cell: requests/s relative to koa-session. */
export const PEER_TARGET = 2

/** Every path at one number of connections, and reads at further numbers. */
export function cellsOf({ names, connections, sweep }) {
  const cells = names.map((name) => ({ name, connections, ...PATHS[name] }))
  const swept = names.includes('read') ? sweep.filter((number) => number !== connections) : []
  return [
    ...cells,
    ...swept.map((number) => ({ name: 'read', connections: number, ...PATHS.read })),
  ]
}
