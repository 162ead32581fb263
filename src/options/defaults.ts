/** The default of every option that has one. Those of the cookie are in `SessionCookie`. */
export const DEFAULTS = {
  key: 'koa.sid',
  /** With `koa-sess/cookie`, as koa-session calls it. */
  cookieSessionKey: 'koa.sess',
  prefix: 'koa:sess:',
  rolling: false,
  defer: false,
  allowEmpty: false,
  privateCache: true,
  onConflict: 'mine',
  /** In ms. */
  reconnectTimeout: 10_000,
  /** In ms. */
  tombstone: 10_000,
  /** In ms. */
  recheck: 30_000,
  /** In bytes, as stored. */
  maxBytes: 524_288,
} as const
