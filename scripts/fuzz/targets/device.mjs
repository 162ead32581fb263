import { BINDING, DeviceOracle, JWK, prove } from '../../../test/support/oracle/device.ts'

const oracle = new DeviceOracle()
await oracle.prepare()
const { refresh, registration } = oracle.challenges
const PATHS = ['registration', 'refresh', 'page']

const registered = prove({ jti: registration }, { jwk: JWK })
const refreshed = prove({ jti: refresh })

/** An input is the path and the three headers, in lines. */
export const device = {
  name: 'device',
  seeds: [
    `registration\n${registered}`,
    `registration\n"${registered}"`,
    `refresh\n${refreshed}\n${BINDING}`,
    `refresh\n"${refreshed}";a=1\n"${BINDING}"`,
    `refresh\n\n${BINDING}`,
    `page\n\n\nunreachable;session_identifier="${BINDING}", quota_exceeded`,
  ],
  tokens: [
    ...['\n', '"', ';', ',', '.', '..', '=', 'e30', 'bnVsbA', '\0', 'é', 'A'.repeat(4096)],
    ...[BINDING, registered, refreshed, prove({ jti: refresh, sub: BINDING }), prove(null)],
    ...[refresh, registration, 'server_error'],
  ],
  run(input) {
    const [path, response = '', id = '', ...skipped] = input.split('\n')
    const known = PATHS.includes(path) ? path : 'refresh'
    return oracle.check({ path: known, response, id, skipped: skipped.join() })
  },
}
