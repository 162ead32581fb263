/** The highest cost of koa-sess on top of bare Koa, as a share of each peer's. */
export const RATIOS = {
  'untouched, no cookie': { 'koa-session': 1, 'koa-generic-session': 0.1 },
  read: { 'koa-session': 0.22, 'koa-generic-session': 0.18 },
  modify: { 'koa-session': 0.3, 'koa-generic-session': 0.25 },
  'rolling read': { 'koa-session': 0.35, 'koa-generic-session': 0.3 },
  new: { 'koa-session': 0.65, 'koa-generic-session': 0.2 },
  'read 10 KB': { 'koa-session': 0.5, 'koa-generic-session': 0.45 },
}

/** The most bytes that a read may allocate on top of bare Koa's. */
export const READ_BYTES = 4500
