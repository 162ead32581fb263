/** Sessions that `ctx.sessionStore` returned, and their cookies. Data that look like them are data. */
const STORED = new WeakSet<object>()

/** Marks what a record held, so that the application can store it again as it is. */
export function markStored(session: { cookie?: unknown }): void {
  STORED.add(session)
  if (typeof session.cookie === 'object' && session.cookie !== null) STORED.add(session.cookie)
}

/** Whether a record held it. */
export function isStored(value: unknown): value is object {
  return typeof value === 'object' && value !== null && STORED.has(value)
}
