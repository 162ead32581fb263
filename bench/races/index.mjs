// Who loses, revives or moves what when two requests of one user overlap. See docs/races.md.
import { parseArgs } from 'node:util'
import { startRedis } from './redis.mjs'
import { definitions, toMarkdown, versionsOf, write } from './report.mjs'
import { complaints, runAll } from './run.mjs'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

// A schedule that hangs shows a bug; nothing else here looks at the time.
setTimeout(() => {
  console.error('Not done after a minute: a handler or a store hangs')
  process.exit(1)
}, 60_000).unref()
// Redis is ended with the process, however that ends.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

const redis = await startRedis()
try {
  const results = await runAll({ url: redis.url, rounds: Number(options.rounds) })
  const versions = await versionsOf(redis.version)
  const table = toMarkdown(results, versions)
  console.log(options.json ? JSON.stringify({ versions, results }, null, 2) : table)
  if (options.write) {
    const guide = new URL('../../docs/races.md', import.meta.url)
    await write(guide, `${table}\n\nWhat "held" asks for, row by row:\n\n${definitions()}`)
  }
  for (const complaint of complaints(results)) {
    console.error(complaint)
    process.exitCode = 1
  }
} finally {
  await redis.stop()
}
