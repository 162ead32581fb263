// npm run docs:compare: writes the tables of docs/compare.md from the pages that hold the measurements.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withTables } from './tables.js'

const docs = join(import.meta.dirname, '../../docs')
const read = (name: string) => readFileSync(join(docs, name), 'utf8')
const measured = { performance: read('performance.md'), races: read('races.md') }
writeFileSync(join(docs, 'compare.md'), withTables(read('compare.md'), measured))
