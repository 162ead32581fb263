import connectPgSimple from 'connect-pg-simple'
import { RedisStore as ConnectRedis } from 'connect-redis'
import expressSession from 'express-session'
import { Redis } from 'ioredis'
import koaRedis from 'koa-redis'
import { MemoryStore } from 'koa-sess'
import { PostgresStore } from 'koa-sess/postgres'
import { RedisStore } from 'koa-sess/redis'
import pg from 'pg'
import { createClient } from 'redis'
import { JsonStore } from '../in-process/json-store.mjs'
import { jsonOnRedis } from '../shared/redis-stores.mjs'
import { counted } from './counted.mjs'
import { jsonOnPostgres } from './json-on-postgres.mjs'

const ConnectPg = connectPgSimple(expressSession)

/** The store of each package on each database. Every command that it sends is counted. */
export const STORES = {
  memory: {
    'koa-sess': () => counted(new MemoryStore(), 'load', 'create', 'replace', 'touch', 'destroy'),
    'koa-session': () => counted(new JsonStore(), 'get', 'set', 'destroy'),
    'koa-generic-session': () => counted(new JsonStore(), 'get', 'set', 'destroy'),
    'express-session': expressMemory,
    '@fastify/session': expressMemory,
  },
  redis: {
    'koa-sess': (url) => new RedisStore({ client: ioredis(url) }),
    'koa-session': (url) => jsonOnRedis(ioredis(url)),
    'koa-generic-session': onKoaRedis,
    'express-session': connectRedis,
    '@fastify/session': connectRedis,
  },
  postgres: {
    'koa-sess': (url) => new PostgresStore({ client: pool(url), pruneInterval: 0 }),
    'koa-session': (url) => jsonOnPostgres(pool(url)),
    'koa-generic-session': (url) => jsonOnPostgres(pool(url)),
    'express-session': connectPg,
    '@fastify/session': connectPg,
  },
}

function expressMemory() {
  return counted(new expressSession.MemoryStore(), 'get', 'set', 'touch', 'destroy')
}

function onKoaRedis(url) {
  const store = koaRedis({ url })
  counted(store.client, 'sendCommand')
  return store
}

async function connectRedis(url) {
  const client = await createClient({ url }).connect()
  return new ConnectRedis({ client: counted(client, 'get', 'set', 'expire', 'del') })
}

function connectPg(url) {
  return new ConnectPg({ pool: pool(url), pruneSessionInterval: false })
}

function ioredis(url) {
  return counted(new Redis(url), 'sendCommand')
}

// The server allows 200 connections, and twenty processes keep theirs.
function pool(url) {
  const pool = new pg.Pool({ connectionString: url, max: 8, idleTimeoutMillis: 0 })
  pool.on('connect', (client) => counted(client, 'query'))
  return pool
}
