import { describe, expect, test } from 'vitest'
import { type Facts, planCommit } from '../../src/session/plan.js'

const NONE: Facts = {
  save: undefined,
  asked: false,
  blocked: false,
  found: false,
  moved: false,
  ended: false,
  empty: true,
  allowEmpty: false,
  changed: false,
  extend: false,
}

describe('planCommit', () => {
  test.each<[string, Partial<Facts>, ReturnType<typeof planCommit>]>([
    ['nothing there, nothing set', {}, 'none'],
    ['a new session with something in it', { empty: false }, 'create'],
    ['a new empty session, allowed', { allowEmpty: true }, 'create'],
    ['a new empty session, forced', { save: true }, 'create'],
    ['a new empty session, explicitly saved', { asked: true }, 'create'],
    ['a new session, forbidden', { empty: false, save: false }, 'none'],
    ['a new session that is rolling but empty', { extend: true }, 'none'],
    ['a new session that was ended', { ended: true }, 'none'],
    ['a new session that was regenerated and filled', { moved: true, empty: false }, 'create'],
    ['a new session that was regenerated and left empty', { moved: true }, 'none'],
    ['a known session, untouched', { found: true, empty: false }, 'none'],
    ['a known session, changed', { found: true, empty: false, changed: true }, 'replace'],
    ['a known session, emptied', { found: true, changed: true }, 'replace'],
    ['a known session, forced', { found: true, empty: false, save: true }, 'replace'],
    [
      'a known session, changed, forbidden',
      { found: true, empty: false, changed: true, save: false },
      'none',
    ],
    ['a known session, explicitly saved', { found: true, asked: true, extend: true }, 'touch'],
    [
      'a known session, regenerated, empty, explicitly saved',
      { found: true, moved: true, asked: true },
      'regenerate',
    ],
    ['a known session, due', { found: true, empty: false, extend: true }, 'touch'],
    [
      'a known session, changed and due',
      { found: true, empty: false, changed: true, extend: true },
      'replace',
    ],
    ['a known session, ended', { found: true, ended: true }, 'destroy'],
    ['a known session, ended, forced', { found: true, ended: true, save: true }, 'destroy'],
    ['a known session, ended, forbidden', { found: true, ended: true, save: false }, 'none'],
    [
      'a known session, regenerated and filled',
      { found: true, moved: true, empty: false },
      'regenerate',
    ],
    ['a known session, regenerated and left empty', { found: true, moved: true }, 'destroy'],
    [
      'a known session, regenerated, empty, allowed',
      { found: true, moved: true, allowEmpty: true },
      'regenerate',
    ],
    [
      'a known session, regenerated, empty, forced',
      { found: true, moved: true, save: true },
      'regenerate',
    ],
    [
      'a known session, regenerated, then ended',
      { found: true, moved: true, ended: true },
      'destroy',
    ],
  ])('%s', (_name, facts, action) => {
    expect(planCommit({ ...NONE, ...facts })).toBe(action)
  })

  test('a blocked id is never written under, whatever else holds', () => {
    const flags = [
      ...(['found', 'moved', 'ended', 'empty'] as const),
      ...(['allowEmpty', 'changed', 'extend', 'asked'] as const),
    ]
    for (let bits = 0; bits < 2 ** flags.length; bits++) {
      const facts = Object.fromEntries(flags.map((flag, at) => [flag, Boolean(bits & (1 << at))]))
      for (const save of [undefined, true, false]) {
        expect(planCommit({ ...NONE, ...facts, blocked: true, save })).toBe('none')
      }
    }
  })
})
