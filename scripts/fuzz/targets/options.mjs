import { MemoryStore } from '../../../src/index.ts'
import { ATTRIBUTES } from '../../../test/support/hostile/common.ts'
import { checkOptions, optionNames } from '../../../test/support/oracle/options.ts'

const nothing = () => undefined
const OLDER = { get: nothing, set: nothing, destroy: nothing }

// Values that JSON has no text for, by name.
const NAMED = {
  '@nothing': nothing,
  '@store': new MemoryStore(),
  '@older': OLDER,
  '@events': { ...OLDER, on: 1 },
  '@carrier': { get: nothing, set: nothing, reset: nothing },
  '@date': new Date(4_102_444_800_000),
  '@never': new Date(Number.NaN),
  '@nan': Number.NaN,
  '@huge': Number.POSITIVE_INFINITY,
  '@symbol': Symbol('s'),
  '@bare': Object.create(null),
  '@map': new Map(),
  '@bytes': new Uint8Array(40),
  '@big': 10n,
}

const KNOWN = optionNames()

export const options = {
  name: 'options',
  seeds: [
    '{}',
    '{"key":"sid","prefix":"p:","ttl":1000,"rolling":true,"cookie":{"maxAge":1000,"path":"/"}}',
    '{"cookie":{"sameSite":"none","secure":true,"expires":"@date","domain":"a.example"}}',
    '{"store":"@store","tombstone":0,"onConflict":"theirs","absoluteTimeout":5000}',
    '{"store":"@older","sessionIdStore":"@carrier","genSid":"@nothing","digest":"sha256"}',
    '{"digest":{"sha1Until":"@date"},"hashIds":{"plainUntil":"@date"},"renew":0.5}',
    '{"encryption":{"keys":["12345678901234567890123456789012"],"plainUntil":"@date"}}',
    `{${KNOWN.map((name) => `"${name}":"@nothing"`)}}`,
    `{"cookie":{${ATTRIBUTES.map((name) => `"${name}":true`)}}}`,
  ],
  tokens: [
    ...KNOWN,
    ...ATTRIBUTES,
    ...Object.keys(NAMED),
    ...[
      '__proto__',
      'constructor',
      'toString',
      'sha1Until',
      'plainUntil',
      'keys',
      '{"toString":1}',
    ],
    ...[
      '["lax"]',
      '["low"]',
      '["/"]',
      '0',
      '-1',
      '0.5',
      '1e21',
      '1e999',
      'null',
      'true',
      '[]',
      '{}',
    ],
    ...['lax', 'none', 'low', '/', 'sid', '__Host-sid', 'a.example', 'mine', 'sha256', ';'],
  ],
  async run(text) {
    const value = revived(text)
    if (value !== undefined) await checkOptions(value)
  },
}

function revived(text) {
  try {
    return JSON.parse(text, (_, value) => (Object.hasOwn(NAMED, value) ? NAMED[value] : value))
  } catch {
    return undefined
  }
}
