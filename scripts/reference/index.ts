// npm run docs:reference: writes the pages of the reference from the doc comments.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { entriesOf, exportsOf } from './entries.js'
import { makeReference } from './reference.js'
import { Sources } from './sources.js'

const root = join(import.meta.dirname, '../..')
const sources = new Sources(root)
const exported = entriesOf(root).flatMap((entry) => exportsOf(sources, entry))
const { texts, problems } = makeReference(sources, exported)
for (const problem of problems) console.error(problem)
for (const [file, text] of texts) writeFileSync(join(root, file), text)
process.exitCode = problems.length > 0 ? 1 : 0
