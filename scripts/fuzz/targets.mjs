import { cookie } from './targets/cookie.mjs'
import { device } from './targets/device.mjs'
import { options } from './targets/options.mjs'
import { record } from './targets/record.mjs'

/** Each has `seeds`, `tokens` to insert into them, and `run`, which throws when a property fails. */
export const TARGETS = [cookie, record, options, device]
