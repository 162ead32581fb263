import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  assertStore,
  isSessionStore,
  type LegacyStore,
  type SessionStore,
} from '../stores/contract.js'
import { adaptLegacy } from '../stores/legacy/adapter.js'
import { attemptWith, named } from './named-store.js'
import type { OpenedStore, Role } from './opened-store.js'
import { SCHEMES } from './schemes.js'
import { UsageError } from './usage.js'

/** The scheme of a URL; undefined for a path. The drive letter of Windows is no scheme. */
function schemeOf(target: string): string | undefined {
  return /^([a-z][a-z\d+]+):/i.exec(target)?.[1]?.toLowerCase()
}

/** A store's address without user and password: equal for two spellings of one store. */
export function identify(target: string): string {
  const scheme = schemeOf(target)
  if (scheme === undefined) return resolve(target)
  if (scheme === 'sqlite') return `sqlite:${resolve(target.slice('sqlite:'.length))}`
  if (!URL.canParse(target)) throw new UsageError('a store is a valid URL or a path to a module')
  const url = new URL(target)
  url.username = ''
  url.password = ''
  return url.href
}

/** A store as messages name it. Parameters of a URL are left out: they may hold a password. */
function addressOf(target: string): string {
  const scheme = schemeOf(target)
  if (scheme === undefined || scheme === 'sqlite') return target
  const { protocol, host, pathname } = new URL(target)
  return `${protocol}//${host}${pathname}`
}

/**
 * @throws {UsageError} for an unknown scheme, a missing driver, a module that exports no store.
 * @throws {StoreError} if the store cannot be opened.
 */
export async function openStore(target: string, role: Role): Promise<OpenedStore> {
  const attempt = attemptWith(role, addressOf(target))
  return named(attempt, await attempt(() => open(target, role)))
}

async function open(target: string, role: Role): Promise<OpenedStore> {
  const scheme = schemeOf(target)
  if (scheme === undefined) return openModule(target, role)
  const openUrl = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined
  if (openUrl) return openUrl(target, role)
  throw new UsageError(
    `--${role}: ${scheme}: is none of ${Object.keys(SCHEMES).join(', ')}: for any other store, name a module`,
  )
}

/** A store that a config holds. It stays open: it was opened elsewhere. */
export function openGiven(source: unknown, path: string): OpenedStore {
  assertStore(source)
  return named(attemptWith('config', path), { ...adapted(source), close: () => undefined })
}

function adapted(source: SessionStore | LegacyStore): Pick<OpenedStore, 'store' | 'isWeak'> {
  return isSessionStore(source)
    ? { store: source }
    : { store: adaptLegacy(source, Date.now, { anySpelling: true }), isWeak: true }
}

async function openModule(path: string, role: Role): Promise<OpenedStore> {
  const file = resolve(path)
  if (!existsSync(file)) throw new UsageError(`--${role}: there is no such module`)
  const module: { default?: unknown } = await import(pathToFileURL(file).href)
  const exported = Object(module.default)
  const { store: source, close }: { store: unknown; close?: unknown } = isStore(exported)
    ? { store: exported }
    : exported
  if (!isStore(source))
    throw new UsageError(
      `--${role}: the default export of the module is neither a store nor { store, close }`,
    )
  assertStore(source)
  return {
    ...adapted(source),
    close: () => (typeof close === 'function' ? close.call(exported) : undefined),
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
