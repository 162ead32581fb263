// Stands in for Vitest's `expect`, which only runs inside of Vitest: as much of it as the races use.
import { AssertionError } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'

const POLLS = 100
const POLL_INTERVAL = 10

type Match = (actual: unknown, expected: unknown) => boolean

const MATCHERS = {
  toBe: Object.is,
  toEqual: isDeepStrictEqual,
  toBeGreaterThan: (actual, expected) => Number(actual) > Number(expected),
  toContain: (actual, expected) =>
    typeof actual === 'string'
      ? actual.includes(String(expected))
      : Array.isArray(actual) && actual.includes(expected),
  toHaveLength: (actual, expected) => Reflect.get(Object(actual), 'length') === expected,
  toHaveProperty: (actual, expected) => String(expected) in Object(actual),
  toMatchObject: (actual, expected) =>
    Object.entries(Object(expected)).every(([key, value]) =>
      isDeepStrictEqual(Reflect.get(Object(actual), key), value),
    ),
} satisfies Record<string, Match>

type Matchers<Result> = Record<keyof typeof MATCHERS, (expected: unknown) => Result>

function matchers<Result>(
  run: (name: string, match: Match, expected: unknown) => Result,
): Matchers<Result> {
  const entries = Object.entries(MATCHERS).map(([name, match]) => [
    name,
    (expected: unknown) => run(name, match, expected),
  ])
  return Object.fromEntries(entries)
}

function check(name: string, actual: unknown, expected: unknown, holds: boolean): void {
  if (!holds) throw new AssertionError({ message: `not ${name}`, actual, expected, operator: name })
}

export function expect(actual: unknown) {
  return {
    ...matchers((name, match, expected) => check(name, actual, expected, match(actual, expected))),
    not: matchers((name, match, expected) =>
      check(`not ${name}`, actual, expected, !match(actual, expected)),
    ),
  }
}

/** Asks again until it holds. */
expect.poll = (ask: () => Promise<unknown>) =>
  matchers(async (name, match, expected) => {
    for (let polls = 0; polls < POLLS; polls++) {
      if (match(await ask(), expected)) return
      await sleep(POLL_INTERVAL)
    }
    check(name, await ask(), expected, false)
  })
