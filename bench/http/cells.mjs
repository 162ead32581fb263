import { NAME } from '../shared/sessions.mjs'

/** `sends`: the response must set the cookie. `target`: requests/s relative to the limit. */
export const PATHS = {
  read: { path: '/read', body: NAME, sends: false, target: 1 },
  rolling: { path: '/rolling', body: NAME, sends: true, target: 0.95 },
  modify: { path: '/modify', body: 'ok', sends: true, target: 0.9 },
  new: { path: '/new', body: 'ok', sends: true, anonymous: true, target: 0.9 },
}

/** The target of reads at many connections: V8's young generation is too small for them. */
const MANY = { connections: 1024, target: 0.85 }

/** The target in every cell: requests/s relative to koa-session. */
export const PEER_TARGET = 2

/** Every path at one number of connections, and reads at further numbers. */
export function cellsOf({ names, connections, sweep }) {
  const cells = names.map((name) => ({ name, connections, ...PATHS[name] }))
  const swept = names.includes('read') ? sweep.filter((number) => number !== connections) : []
  return [
    ...cells,
    ...swept.map((number) => ({
      name: 'read',
      connections: number,
      ...PATHS.read,
      ...(number >= MANY.connections ? { target: MANY.target } : {}),
    })),
  ]
}
