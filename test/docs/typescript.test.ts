import { describe, expect, test } from 'vitest'
import { messagesIn, messagesOf } from '../support/typescript.js'
import { blocks } from './pages.js'
import { members } from './public-members.js'
import { PRELUDE } from './reference-prelude.js'

// All in one file: the types of Koa and Node are parsed once for a process, which takes seconds.

const COMPILING = { timeout: 240_000 }

describe('TypeScript in the docs compiles', COMPILING, () => {
  test.each(blocks.filter(({ language }) => language === 'ts'))('$name', ({ code }) => {
    expect(messagesIn(code)).toEqual([])
  })
})

describe('the examples of the reference', COMPILING, () => {
  test('every example compiles', () => {
    const examples = members.flatMap(({ where, doc }) =>
      (doc?.examples ?? []).map((code) => ({ where, code })),
    )
    expect(messagesOf(PRELUDE, examples)).toEqual([])
  })

  test('an example that does not compile is reported with its member', () => {
    const examples = [
      { where: 'A.one', code: 'session({ key: "sid" })' },
      { where: 'A.two', code: 'session({ key: 1 })' },
    ]
    expect(messagesOf(PRELUDE, examples)).toEqual([expect.stringMatching(/^A\.two: /)])
  })
})
