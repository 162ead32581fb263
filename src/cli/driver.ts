import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Role } from './opened-store.js'
import { UsageError } from './usage.js'

/** The exports of a module that the types do not know. */
export type Exports = Record<string, unknown>
/** A class that a driver exports. */
export type Constructor<T> = new (...args: unknown[]) => T
/** A function that a driver exports. */
export type Factory<T> = (...args: unknown[]) => T

/**
 * Imports the first of these drivers that the current directory has installed.
 * @throws {UsageError} when it has none.
 */
export async function importDriver(role: Role, names: string[]): Promise<[string, Exports]> {
  const { resolve: find } = createRequire(resolve('package.json'))
  for (const name of names) {
    try {
      const found = find(name)
      return [name, await import(found.startsWith('node:') ? found : pathToFileURL(found).href)]
    } catch (error) {
      const code = Reflect.get(Object(error), 'code')
      if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_UNKNOWN_BUILTIN_MODULE') throw error
    }
  }
  throw new UsageError(
    `--${role} needs ${names.join(' or ')}: npm install ${names[0]} in this directory`,
  )
}

/**
 * A class or function of a module. CommonJS modules have it on `default`, or as `default`.
 * @throws {UsageError} when there is none.
 */
export function namedExport<T>(module: Exports, name: string): T {
  const found = module[name] ?? Reflect.get(Object(module.default), name) ?? module.default
  if (typeof found !== 'function')
    throw new UsageError(`the driver has no ${name}: install a newer version of it`)
  return found as T
}
