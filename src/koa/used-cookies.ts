const USED = Symbol('koa-sess.usedCookies')

interface Marked {
  [USED]?: boolean
}

/**
 * Notes for each context whether `ctx.cookies` was used. Making that object only to read its
 * `secure` costs as much as the rest of a request with a session.
 */
export function watchCookies(context: object): void {
  const inherited = descriptorOf(context, 'cookies')
  if (!inherited?.get) return
  const { get, set } = inherited
  Object.defineProperties(context, {
    [USED]: { value: false, writable: true },
    cookies: {
      configurable: true,
      get(this: Marked) {
        this[USED] = true
        return get.call(this)
      },
      set(this: Marked, value: unknown) {
        this[USED] = true
        set?.call(this, value)
      },
    },
  })
}

/** Whether `ctx.cookies` was read or set in this request. */
export function hasUsedCookies(ctx: object): boolean {
  return (ctx as Marked)[USED] === true
}

function descriptorOf(object: object, name: string): PropertyDescriptor | undefined {
  for (let at: object | null = object; at; at = Object.getPrototypeOf(at)) {
    const descriptor = Object.getOwnPropertyDescriptor(at, name)
    if (descriptor) return descriptor
  }
  return undefined
}
