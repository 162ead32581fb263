/** A cookie jar like a browser's: it stores cookies, drops expired ones and sends the rest. */
export class Browser {
  #origin
  #jar = new Map()

  constructor(origin) {
    this.#origin = origin
  }

  get cookie() {
    return [...this.#jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** `cookie` is sent instead of the jar's cookies, as by a request that began earlier. */
  async get(query, { cookie = this.cookie } = {}) {
    const headers = cookie ? { cookie } : {}
    const response = await fetch(`${this.#origin}/?${new URLSearchParams(query)}`, { headers })
    // A browser stores cookies when the headers arrive, not when the body ends.
    for (const line of response.headers.getSetCookie()) this.#take(line)
    const text = await response.text()
    return { status: response.status, data: response.ok ? JSON.parse(text) : undefined }
  }

  #take(line) {
    const [pair, ...attributes] = line.split(/; */)
    const at = pair.indexOf('=')
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
    if (value === '' || attributes.some(isOver)) this.#jar.delete(name)
    else this.#jar.set(name, value)
  }
}

function isOver(attribute) {
  const [name, value] = attribute.split('=')
  if (/^max-age$/i.test(name)) return Number(value) <= 0
  return /^expires$/i.test(name) && Date.parse(value) <= Date.now()
}
