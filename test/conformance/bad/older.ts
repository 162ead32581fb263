import { type Bad, OlderRows } from '../rows.js'

const DAY = 86_400_000

/** Stores of get, set and destroy. */
export const OLDER: Record<string, Bad<OlderRows>> = {
  'ttl is taken for seconds': [
    class extends OlderRows {
      override set(...[sid, session, ttl]: Parameters<OlderRows['set']>) {
        return super.set(sid, session, ttl * 1000)
      }
    },
    'an expired record is not loaded',
    'touch moves the deadline earlier',
  ],
  'ttl is left out': [
    class extends OlderRows {
      override set(...[sid, session]: Parameters<OlderRows['set']>) {
        return super.set(sid, session, DAY)
      }
    },
    'an expired record is not loaded',
    'deadlines of 400 days and of 100 years',
  ],
  'nothing is an empty session': [
    class extends OlderRows {
      override async get(sid: string) {
        return (await super.get(sid)) ?? {}
      }
    },
    'load: returns undefined for a missing key',
    'create: stores a record that load returns unchanged',
  ],
  'destroy comes later': [
    class extends OlderRows {
      override async destroy(sid: string) {
        setImmediate(() => super.destroy(sid))
      }
    },
    'destroy: removes a record and returns true',
    'destroy wins over every replace',
  ],
  'set does not overwrite': [
    class extends OlderRows {
      override async set(...args: Parameters<OlderRows['set']>) {
        if (!(await this.get(args[0]))) await super.set(...args)
      }
    },
    'replace: overwrites the expected value',
    'touch moves the deadline later',
  ],
  'the cookie is not kept': [
    class extends OlderRows {
      override set(...[sid, { cookie: _, ...session }, ttl]: Parameters<OlderRows['set']>) {
        return super.set(sid, session, ttl)
      }
    },
    'create: stores a record that load returns unchanged',
  ],
}
