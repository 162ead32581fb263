import type { TestProject } from 'vitest/node'
import { RedisServer } from './redis.js'

declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string
  }
}

/** One Redis for all tests of a run: each test keeps to keys of its own. */
export default async function setup(project: TestProject) {
  const preset = process.env.TEST_REDIS_URL
  if (preset) return project.provide('redisUrl', preset)
  const server = await RedisServer.start()
  project.provide('redisUrl', server.url)
  return () => server[Symbol.asyncDispose]()
}
