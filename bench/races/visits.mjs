import { promisify } from 'node:util'

/**
 * The steps on the session of one request, as each package documents them. `session` is the object
 * that the package gives to handlers.
 */
class Visit {
  set(key, value) {
    this.session[key] = value
  }
  remove(key) {
    delete this.session[key]
  }
  /** Reads, modifies and writes: the peers have no atomic update. */
  async add(key, pass) {
    const before = this.session[key] ?? 0
    await pass()
    this.session[key] = before + 1
  }
  /** The user's keys. */
  data() {
    const { cookie: _, ...data } = this.session ?? {}
    return data
  }
}

class KoaVisit extends Visit {
  constructor(ctx) {
    super()
    this.ctx = ctx
  }
  get session() {
    return this.ctx.session
  }
  logout() {
    this.ctx.session = null
  }
}

/** koa-generic-session; koa-sess has the same methods. */
export class GenericVisit extends KoaVisit {
  save() {
    return this.ctx.saveSession()
  }
  regenerate() {
    return this.ctx.regenerateSession()
  }
  end(id) {
    return this.ctx.sessionStore.destroy(id)
  }
}

export class KoaSessVisit extends GenericVisit {
  add(key, pass) {
    return this.session.update(async (session) => {
      const before = session[key] ?? 0
      await pass()
      session[key] = before + 1
    })
  }
}

export class KoaSessionVisit extends KoaVisit {
  save() {
    return this.session.save()
  }
  regenerate() {
    return this.session.regenerate()
  }
  end(id) {
    return this.ctx.sessionOptions.store.destroy(id)
  }
  data() {
    return this.session?.toJSON() ?? {}
  }
}

export class ExpressVisit extends Visit {
  constructor(req) {
    super()
    this.req = req
  }
  get session() {
    return this.req.session
  }
  save() {
    return call(this.session, 'save')
  }
  logout() {
    return call(this.session, 'destroy')
  }
  regenerate() {
    return call(this.session, 'regenerate')
  }
  end(id) {
    return call(this.req.sessionStore, 'destroy', id)
  }
}

export class FastifyVisit extends Visit {
  constructor(request) {
    super()
    this.request = request
  }
  get session() {
    return this.request.session
  }
  save() {
    return this.session.save()
  }
  logout() {
    return this.session.destroy()
  }
  regenerate() {
    return this.session.regenerate()
  }
  end(id) {
    return call(this.request.sessionStore, 'destroy', id)
  }
}

function call(object, method, ...args) {
  return promisify(object[method]).apply(object, args)
}
