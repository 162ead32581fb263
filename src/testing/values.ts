import { equal, fail, ok } from 'node:assert/strict'
import type { SessionStore } from '../stores/contract.js'

/** As the middleware writes one, until 2100. Not made here: workerd refuses random numbers while a module loads. */
export const TOMBSTONE = '123456789012345e-4102444800000'

/** A record as the middleware writes it: the user's keys, and `cookie` last. */
export function recordOf(data: unknown): string {
  return JSON.stringify({ data, cookie: { path: '/', httpOnly: true } })
}

/** The data that `recordOf` was called with. */
export function dataOf(value: string | undefined): unknown {
  ok(value !== undefined, 'The record is gone')
  return JSON.parse(value).data
}

/** Fails with the first difference of two values: a whole value may be a megabyte. */
export function assertValue(actual: unknown, expected: string | undefined): void {
  if (actual === expected) return
  if (typeof actual !== 'string' || expected === undefined)
    fail(`Expected ${show(expected)}, got ${show(actual)}`)
  let at = 0
  while (actual[at] === expected[at] && at < expected.length) at++
  const [is, should] = [actual, expected].map((text) => show(text.slice(at, at + 20)))
  fail(
    `Expected ${expected.length} characters, got ${actual.length}; they differ from ${at} on: expected ${should}, got ${is}`,
  )
}

function show(value: unknown): string {
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
}

/** `replace` has to write. */
export async function assertReplaced(
  store: SessionStore,
  key: string,
  expected: string,
  value: string,
  expiresAt: number,
): Promise<void> {
  const answer = await store.replace(key, expected, value, expiresAt)
  equal(answer.ok, true, 'replace refused the value that the record had')
}

/** `replace` has to refuse and to return the current value. */
export async function assertRefused(
  store: SessionStore,
  key: string,
  expected: string,
  current: string | undefined,
  expiresAt: number,
): Promise<void> {
  const answer = await store.replace(key, expected, recordOf('refused'), expiresAt)
  equal(answer.ok, false, 'replace overwrote a value that it did not expect')
  if (!answer.ok) assertValue(answer.current, current)
}
