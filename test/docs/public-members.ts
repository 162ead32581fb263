import { join } from 'node:path'
import { entriesOf, exportsOf } from '../../scripts/reference/entries.js'
import { makeReference } from '../../scripts/reference/reference.js'
import { Sources } from '../../scripts/reference/sources.js'

export const root = join(import.meta.dirname, '../..')
const sources = new Sources(root)
export const exported = entriesOf(root).flatMap((entry) => exportsOf(sources, entry))
/** The pages of the reference, and the doc comments that they are made from. */
export const { texts, members, problems } = makeReference(sources, exported)
