import { DEEDS, MODES, RecordOracle } from '../../../test/support/oracle/record.ts'
import { KINDS } from '../../../test/support/oracle/shelves.ts'

const DATE = '2100-01-01T00:00:00.000Z'

// The first letter of an input chooses what the handler does, the second one the store and its options.
const LETTERS = new Map(DEEDS.map((deed, at) => ['rmcsuliog'[at], deed]))
const ORACLES = KINDS.flatMap(({ shelf }) =>
  MODES.map(({ options }) => new RecordOracle(shelf, options)),
)

const OWN = {
  ...{ path: '/', domain: 'a.example', httpOnly: true, secure: true, sameSite: 'lax' },
  ...{ priority: 'low', partitioned: true, expires: DATE, maxAge: 60_000 },
}
const RECORDS = [
  '{"a":1,"b":{"c":[2]},"cookie":{"sameSite":"lax","maxAge":null,"own":[]}}',
  '{"a":1,"cookie":{"maxAge":60000,"sameSite":"none","own":["maxAge","sameSite"],"created":1800000000000}}',
  '{"a":1,"_expire":4102444800000,"_maxAge":86400000}',
  '{"a":1,"_session":true,"cookie":{"data":true}}',
  `{"a":1,"cookie":{"path":"/","maxAge":null,"expires":"${DATE}","own":["expires"],"until":1}}`,
  `{"a":1,"cookie":${JSON.stringify({ ...OWN, own: Object.keys(OWN) })}}`,
  '0e4102444800000',
]
export const record = {
  name: 'record',
  seeds: RECORDS.flatMap((value) =>
    [...LETTERS.keys()].flatMap((letter) =>
      [0, 1, 2, 3, 4, 6].map((mode) => letter + mode + value),
    ),
  ),
  tokens: [
    ...[
      '__proto__',
      'constructor',
      'toString',
      'then',
      'isNew',
      'cookie',
      'data',
      'until',
      'base',
      'a',
    ],
    ...['own', 'path', 'domain', 'secure', 'sameSite', 'maxAge', 'maxage', 'expires', 'priority'],
    ...[
      'partitioned',
      'created',
      '_expire',
      '_maxAge',
      '_session',
      'lax',
      'none',
      'low',
      '/',
      '\\ud800',
    ],
    ...['1e999', '-1e999', '9e15', '1.5', '0', '-1', 'true', 'null', '[]', '{}', '{"toString":1}'],
    ...[
      '["lax"]',
      '["low"]',
      `"${DATE}"`,
      '["sameSite","secure"]',
      '{"a":',
      '[',
      ']',
      '}',
      '0e',
      '9',
    ],
  ],
  async run(input) {
    const [letter = '', mode = ''] = input
    const deed = LETTERS.get(letter)
    const oracle = /^\d$/.test(mode) ? ORACLES[mode] : undefined
    if (!deed || !oracle) return
    const value = input.slice(2)
    // In a conflict the value is what the other request writes.
    if (deed === 'conflict') await oracle.check(deed, RECORDS[0], value)
    else await oracle.check(deed, value)
  },
}
