import type { ScanPage } from '../../../src/stores/contract.js'
import { type Bad, type Kind, Rows } from '../rows.js'

/** Scans that are wrong. */
export const SCANS: Record<string, Bad<Rows>> = {
  'every record is told': [matching(() => true), 'returns the records of a prefix and no others'],
  'a prefix without case': [
    matching((key, prefix) => key.toLowerCase().startsWith(prefix.toLowerCase())),
    'returns the records of a prefix and no others',
  ],
  'a prefix anywhere in the key': [
    matching((key, prefix) => key.includes(prefix.replace(/^.*:(?=.+:)/, ''))),
    'returns the records of a prefix and no others',
  ],
  'a prefix is a pattern of Redis': [
    matching((key, prefix) => {
      const pattern = prefix.replace(
        /\\?[*?[\]\\]|[.^$+(){}|]/g,
        (sign) =>
          ({ '*': '.*', '?': '.', '[': '[', ']': ']' })[sign] ??
          (sign.length > 1 ? sign : `\\${sign}`),
      )
      return new RegExp(`^${pattern}`, 's').test(key)
    }),
    'a prefix with * is taken literally',
    'a prefix with ? is taken literally',
    'a prefix with [ and ] is taken literally',
    'a prefix with a backslash is taken literally',
  ],
  'a prefix is a pattern of SQL': [
    matching((key, prefix) => {
      const pattern = prefix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      return new RegExp(`^${pattern.replace(/%/g, '.*').replace(/_/g, '.')}`, 's').test(key)
    }),
    'a prefix with % is taken literally',
    'a prefix with _ is taken literally',
  ],
  'what has expired is told': [
    telling((store, page) => ({
      ...page,
      records: [...store.rows].flatMap(([key, row]) =>
        page.prefix && key.startsWith(page.prefix) ? [{ key, ...row }] : [],
      ),
    })),
    'skips expired records',
  ],
  'what was destroyed is told': [
    class extends Rows {
      readonly ended: string[] = []
      override async destroy(key: string) {
        this.ended.push(key)
        return super.destroy(key)
      }
      override async scan(...args: [string, string?, number?]) {
        const page = await super.scan(...args)
        const ended = this.ended.filter((key) => key.startsWith(args[0]))
        const records = ended.map((key) => ({ key, value: '', expiresAt: this.now() + 1 }))
        return { ...page, records: [...page.records, ...records] }
      }
    },
    'skips destroyed records',
  ],
  'a deadline is told as time left': [
    telling((store, page) => ({
      ...page,
      records: page.records.map((one) => ({ ...one, expiresAt: one.expiresAt - store.now() })),
    })),
    'returns the current value and deadline',
  ],
  'a deadline is told in whole seconds': [
    telling((_, page) => ({
      ...page,
      records: page.records.map((one) => ({
        ...one,
        expiresAt: Math.floor(one.expiresAt / 1000) * 1000,
      })),
    })),
    'returns the current value and deadline',
  ],
  'an empty value is no record': [
    telling((_, page) => ({ ...page, records: page.records.filter(({ value }) => value) })),
    'returns every value unchanged',
  ],
  'a value is told up to its NUL': [
    telling((_, page) => ({
      ...page,
      records: page.records.map((one) => ({ ...one, value: one.value.replace(/\0.*/s, '') })),
    })),
    'returns every value unchanged',
  ],
  'the first page is all': [
    telling((_, page) => ({ ...page, cursor: undefined })),
    'returns every record, whatever the count',
    'returns every record over many pages',
    'returns every record that exists throughout, while others change',
    'a cursor continues in another instance',
  ],
  'no page has more than ten, and a full one is the last': [
    class extends Rows {
      override async scan(prefix: string, cursor?: string, count = 100) {
        const page = await super.scan(prefix, cursor, Math.min(count, 10))
        return count > 10 ? { ...page, cursor: undefined } : page
      }
    },
    'returns every record, whatever the count',
    'returns every record over many pages',
  ],
  'a cursor is a number of records': [
    class extends Rows {
      override async scan(prefix: string, cursor = '0', count = 100): Promise<ScanPage> {
        const all = await super.scan(prefix, undefined, Number.POSITIVE_INFINITY)
        const next = Number(cursor) + count
        const records = all.records.slice(Number(cursor), next)
        return { records, cursor: next < all.records.length ? String(next) : undefined }
      }
    },
    'returns every record that exists throughout, while others change',
  ],
  'it never ends': [
    class extends Rows {
      override async scan() {
        return { records: [], cursor: '' }
      }
    },
    'skips expired records',
  ],
}

function matching(matches: (key: string, prefix: string) => boolean): Kind<Rows> {
  return class extends Rows {
    override matches = matches
  }
}

function telling(tell: (store: Rows, page: ScanPage & { prefix: string }) => ScanPage): Kind<Rows> {
  return class extends Rows {
    override async scan(prefix: string, ...rest: [string?, number?]) {
      const { records, cursor } = tell(this, { ...(await super.scan(prefix, ...rest)), prefix })
      return { records, cursor }
    }
  }
}
