import { resolve } from 'node:path'
import type { Role } from './opened-store.js'
import { UsageError } from './usage.js'

/** The scheme of a URL; undefined for a path. The drive letter of Windows is no scheme. */
export function schemeOf(target: string): string | undefined {
  return /^([a-z][a-z\d+]+):/i.exec(target)?.[1]?.toLowerCase()
}

/**
 * A store's address without user and password: equal for two spellings of one store.
 * @throws {UsageError}
 */
export function identify(target: string, role: Role): string {
  const scheme = schemeOf(target)
  if (scheme === undefined) return resolve(target)
  if (scheme === 'sqlite') return `sqlite:${resolve(target.slice('sqlite:'.length))}`
  const url = urlOf(target, role)
  url.username = ''
  url.password = ''
  return url.href
}

/**
 * A store as messages name it. Parameters of a URL are left out: they may hold a password.
 * @throws {UsageError}
 */
export function addressOf(target: string, role: Role): string {
  const scheme = schemeOf(target)
  if (scheme === undefined || scheme === 'sqlite') return target
  const { protocol, host, pathname } = urlOf(target, role)
  return `${protocol}//${host}${pathname}`
}

/** @throws {UsageError} which holds nothing of the text: where it is no URL, its password is anywhere. */
function urlOf(target: string, role: Role): URL {
  const url = URL.canParse(target) ? new URL(target) : undefined
  if (url && showsUser(target, url)) return url
  throw new UsageError(
    `--${role}: a store is a valid URL or a path to a module: write scheme://user:password@host/name. In a password or a parameter, write / as %2F, ? as %3F, # as %23 and @ as %40`,
  )
}

/**
 * Whether user and password are where a URL has them. Without `//` they are a part of the path. A slash
 * or the like in a password ends the host, and the rest is a part of what follows.
 */
function showsUser(target: string, { pathname, search, hash }: URL): boolean {
  return /^[a-z\d+]+:\/\//i.test(target) && !(pathname + search + hash).includes('@')
}
