import { equal, fail, ok } from 'node:assert/strict'
import type { SessionStore } from '../stores/contract.js'

/** A record as the middleware writes it: the user's keys, and `cookie` last. */
export function record(data: unknown): string {
  return JSON.stringify({ data, cookie: { path: '/', httpOnly: true } })
}

/** What `record` was made of. */
export function dataOf(value: string | undefined): unknown {
  ok(value !== undefined, 'The record is gone')
  return JSON.parse(value).data
}

/** Says where two values part, and not a megabyte of each. */
export function same(actual: unknown, expected: string | undefined): void {
  if (actual === expected) return
  if (typeof actual !== 'string' || expected === undefined)
    fail(`Expected ${show(expected)}, got ${show(actual)}`)
  let at = 0
  while (actual[at] === expected[at] && at < expected.length) at++
  const [is, should] = [actual, expected].map((text) => show(text.slice(at, at + 20)))
  fail(
    `Expected ${expected.length} characters, got ${actual.length}; at ${at} they part: expected ${should}, got ${is}`,
  )
}

function show(value: unknown): string {
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
}

/** `replace` has to write. */
export async function replaces(
  store: SessionStore,
  key: string,
  expected: string,
  value: string,
  expiresAt: number,
): Promise<void> {
  const answer = await store.replace(key, expected, value, expiresAt)
  equal(answer.ok, true, 'replace refused the value that the record had')
}

/** `replace` has to refuse, and to say what is there instead. */
export async function refuses(
  store: SessionStore,
  key: string,
  expected: string,
  current: string | undefined,
  expiresAt: number,
): Promise<void> {
  const answer = await store.replace(key, expected, record('refused'), expiresAt)
  equal(answer.ok, false, 'replace wrote over what it did not expect')
  if (!answer.ok) same(answer.current, current)
}
