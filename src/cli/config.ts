import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { SessionOptions } from '../options/session-options.js'
import { SessionError } from '../util/errors.js'
import { isObject } from '../util/shape.js'
import { attemptWith } from './named-store.js'
import type { OpenedStore } from './opened-store.js'
import { openGiven, openStore } from './stores.js'
import { type Source, UsageError } from './usage.js'

type Options = SessionOptions<object>

/**
 * The options that the application passes to `session()`: the default export of the module.
 * @throws {UsageError} when there is no module, or when it exports something else.
 * @throws {StoreError} when it throws.
 */
export async function optionsOf({ config, prefix }: Source): Promise<Options> {
  if (config === undefined) return prefix === undefined ? {} : { prefix }
  const file = resolve(config)
  if (!existsSync(file)) throw new UsageError('--config: there is no such module')
  const load = (): Promise<{ default?: Options }> => import(pathToFileURL(file).href)
  const { default: options } = await attemptWith('config', config)(load)
  if (!isObject(options))
    throw new UsageError(
      '--config: the default export of the module is not the options that session() is called with',
    )
  return options
}

/**
 * Opens the store of --store, or else takes that of the config.
 * @throws {UsageError} when there is neither.
 */
export async function openSource(
  { store, config = '' }: Source,
  options: Options,
): Promise<OpenedStore> {
  if (store !== undefined) return openStore(store, 'store')
  if (options.store === undefined)
    throw new UsageError('the config has no store: name --store STORE')
  return asUsage(() => openGiven(options.store, config))
}

/** What is wrong with a config is wrong usage. */
export function asUsage<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof SessionError) throw new UsageError(`--config: ${error.message}`)
    throw error
  }
}
