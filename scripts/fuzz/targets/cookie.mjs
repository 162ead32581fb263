import { sign, signed } from '../../../test/support/oracle/app.ts'
import { CookieOracle, LIVE } from '../../../test/support/oracle/cookie.ts'
import { KEYS } from '../../../test/support/site.ts'

const UNKNOWN = 'well-formed-and-unknown'
const older = { key: KEYS[1] }
const oracle = new CookieOracle()

export const cookie = {
  name: 'cookie',
  seeds: [
    signed(LIVE),
    signed(UNKNOWN, older),
    signed('../../../etc/passwd'),
    signed('two-dots..in-the-middle'),
    `koa.sid=forged-0123456789; ${signed(LIVE)}; koa.sid=another-0123456789`,
    `koa.sid=${LIVE}; koa.sid.sig=${'A'.repeat(27)}`,
  ],
  tokens: [
    ...[
      'koa.sid=',
      'koa.sid.sig=',
      '; ',
      ';',
      '\t',
      '=',
      '"',
      ',',
      '\0',
      '\r\n',
      '__proto__=',
      'é',
    ],
    ...[LIVE, UNKNOWN, sign(LIVE), sign(UNKNOWN), sign(LIVE, older), signed(LIVE), signed(UNKNOWN)],
  ],
  run: (header) => oracle.check(header),
}
