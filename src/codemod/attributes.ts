/** Options of koa-session that are attributes of the cookie here. */
export const ATTRIBUTES: readonly string[] = [
  ...['maxAge', 'maxage', 'expires', 'path', 'domain', 'httpOnly', 'secure', 'sameSite'],
  ...['signed', 'overwrite', 'priority', 'partitioned'],
]
