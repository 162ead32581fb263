// The peers that bring no types of their own, as far as the tests use them.

declare module 'koa-convert' {
  function convert(
    middleware: (this: import('koa').Context, next: unknown) => Generator,
  ): import('koa').Middleware
  export = convert
}

declare module 'koa-sess-legacy' {
  function session(options?: object): (this: import('koa').Context, next: unknown) => Generator
  export = session
}

declare module 'koa-generic-session' {
  function session(options?: object): import('koa').Middleware
  export = session
}

declare module 'koa-redis' {
  interface KoaRedis extends NodeJS.EventEmitter {
    client: { status: string }
    get(sid: string): Promise<unknown>
    set(sid: string, session: object, ttl?: number): Promise<unknown>
    destroy(sid: string): Promise<unknown>
    quit(): Promise<unknown>
  }
  function redisStore(options: { url: string }): KoaRedis
  export = redisStore
}

declare module 'koa-passport' {
  type Done<T> = (error: unknown, value?: T) => void
  interface Login {
    keepSessionInfo?: boolean
    session?: boolean
  }
  class KoaPassport<User = unknown> {
    use(strategy: object): this
    serializeUser(serialize: (user: User, done: Done<unknown>) => void): void
    deserializeUser(deserialize: (id: unknown, done: Done<User | false>) => void): void
    initialize(): import('koa').Middleware
    session(): import('koa').Middleware
    authenticate(name: string, options?: object, callback?: unknown): import('koa').Middleware
  }
  const passport: { KoaPassport: typeof KoaPassport }
  export = passport
}

declare module 'passport' {
  class Strategy {
    name: string
    success(user: unknown, info?: unknown): void
    fail(challenge?: unknown, status?: number): void
    error(error: unknown): void
    pass(): void
    redirect(url: string, status?: number): void
  }
  const passport: { Strategy: typeof Strategy }
  export = passport
}

declare module 'session-file-store' {
  type Express = typeof import('express-session')
  interface Options {
    path: string
    retries?: number
    ttl?: number
    reapInterval?: number
    logFn?: () => void
  }
  function make(session: Express): new (options: Options) => import('express-session').Store
  export = make
}

declare module 'connect-pg-simple' {
  type Express = typeof import('express-session')
  interface Options {
    pool: import('pg').Pool
    createTableIfMissing?: boolean
    schemaName?: string
    pruneSessionInterval?: number | false
  }
  function make(session: Express): new (options: Options) => import('express-session').Store
  export = make
}

declare module 'express-mysql-session' {
  type Express = typeof import('express-session')
  type MySQLStore = import('express-session').Store & {
    onReady(): Promise<void>
    close(): Promise<void>
  }
  function make(session: Express): new (options: object, pool: object) => MySQLStore
  export = make
}
