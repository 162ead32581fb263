const assert = require('node:assert/strict')

async function main() {
  const required = require('koa-sess')
  const imported = await import('koa-sess')
  assert.equal(imported.default, required)
  assert.equal(imported.MemoryStore, required.MemoryStore)
  assert.equal(imported.SessionError, required.SessionError)
  const redis = await import('koa-sess/redis')
  assert.equal(redis.RedisStore, require('koa-sess/redis').RedisStore)
}

main()
