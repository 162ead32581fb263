import { cookie } from './targets/cookie.mjs'
import { options } from './targets/options.mjs'
import { record } from './targets/record.mjs'

/** Each has seeds to begin with, tokens to put into them, and `run`, which throws for what must not be. */
export const TARGETS = [cookie, record, options]
