import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { build, Example } from './example.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the modules that the lab imports. */
    modules: string
    /** The lab, by where its sessions are. With Redis it is served over TLS. */
    labs: { memory: string; Redis: string }
  }
}

/** Two labs for all files: to start one takes as long as to load twenty of its pages. */
export default async function setup(project: TestProject) {
  const modules = await build()
  Example.modules = modules.folder
  project.provide('modules', modules.folder)
  const { redisUrl } = project.getProvidedContext()
  const [memory, redis] = await Promise.all([
    Example.start(),
    Example.start({ REDIS_URL: redisUrl, TLS_PEM: join(import.meta.dirname, 'localhost.pem') }),
  ])
  project.provide('labs', { memory: memory.origin, Redis: redis.origin })
  return async () => {
    await Promise.all([memory.stop(), redis.stop()])
    modules.remove()
  }
}
