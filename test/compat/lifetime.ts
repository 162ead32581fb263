import { expect } from 'vitest'

/** The lines of a response, a cookie and its signature, end in so many ms, give or take a minute. */
export function expectLifetime(lines: string[], ms: number): void {
  expect(lines).toHaveLength(2)
  for (const line of lines) {
    const [, expires = ''] = /; expires=([^;]+)/i.exec(line) ?? []
    expectNear(Date.parse(expires) - Date.now(), ms)
  }
}

/** Two times or durations are the same but for what a test takes to run. */
export function expectNear(ms: number, expected: number): void {
  expect(Math.abs(ms - expected), `${ms} ms instead of ${expected} ms`).toBeLessThan(60_000)
}
