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
import { addressOf, schemeOf } from './address.js'
import { attemptWith, named } from './named-store.js'
import type { OpenedStore, OpenUrl, Role } from './opened-store.js'
import { SCHEMES } from './schemes.js'
import { UsageError } from './usage.js'

/**
 * @param isDryRun Creates nothing.
 * @throws {UsageError} for a wrong URL, an unknown scheme, a missing driver, a module that exports no store.
 * @throws {StoreError} if the store cannot be opened.
 */
export async function openStore(
  target: string,
  role: Role,
  isDryRun = false,
): Promise<OpenedStore> {
  const open = openerOf(target, role)
  const attempt = attemptWith(role, addressOf(target, role))
  return named(attempt, await attempt(() => open(target, role, isDryRun)))
}

/** An unknown scheme is said first: what else is wrong with its URL does not matter. */
function openerOf(target: string, role: Role): OpenUrl {
  const scheme = schemeOf(target)
  if (scheme === undefined) return openModule
  const openUrl = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined
  if (openUrl) return openUrl
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
