import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { assertStore, isSessionStore, type SessionStore } from '../stores/contract.js'
import { adaptLegacy } from '../stores/legacy/adapter.js'
import { SCHEMES } from './schemes.js'
import { UsageError } from './usage.js'

export interface OpenedStore {
  store: SessionStore
  /** Makes what it needs before the first session is written, such as a table. */
  setup?: (() => Promise<unknown>) | undefined
  close(): unknown
}

/** The scheme of a URL; undefined: a path. A drive's letter is none. */
function schemeOf(target: string): string | undefined {
  return /^([a-z][a-z\d+]+):/i.exec(target)?.[1]?.toLowerCase()
}

/** What tells one store from another, without a password. */
export function identify(target: string): string {
  const scheme = schemeOf(target)
  if (scheme === undefined) return resolve(target)
  if (scheme === 'sqlite') return `sqlite:${resolve(target.slice('sqlite:'.length))}`
  if (!URL.canParse(target)) throw new UsageError('a store is a URL that can be read, or a path')
  const url = new URL(target)
  url.username = ''
  url.password = ''
  return url.href
}

/** @throws {UsageError} */
export async function openStore(target: string, role: 'from' | 'to'): Promise<OpenedStore> {
  const scheme = schemeOf(target)
  if (scheme === undefined) return openModule(target, role)
  const open = SCHEMES[scheme]
  if (open) return open(target, role)
  throw new UsageError(
    `--${role}: ${scheme}: is none of ${Object.keys(SCHEMES).join(', ')}: for any other store, name a module`,
  )
}

async function openModule(path: string, role: 'from' | 'to'): Promise<OpenedStore> {
  const file = resolve(path)
  if (!existsSync(file)) throw new UsageError(`--${role}: there is no such module`)
  const module: { default?: unknown } = await import(pathToFileURL(file).href)
  const given = Object(module.default)
  const { store: source, close }: { store: unknown; close?: unknown } = isStore(given)
    ? { store: given }
    : given
  if (!isStore(source))
    throw new UsageError(
      `--${role}: the default export of the module is neither a store nor { store, close }`,
    )
  assertStore(source)
  return {
    store: isSessionStore(source) ? source : adaptLegacy(source, Date.now),
    close: () => (typeof close === 'function' ? close.call(given) : undefined),
  }
}

function isStore(value: unknown): boolean {
  try {
    assertStore(value)
    return true
  } catch {
    return false
  }
}
