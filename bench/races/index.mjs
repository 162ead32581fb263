// Who loses, revives or moves what when two requests of one user overlap. See docs/races.md.
import { parseArgs } from 'node:util'
import { writeInto } from '../shared/page.mjs'
import { startRedis } from '../shared/redis.mjs'
import { definitions, report, versions } from './report.mjs'
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

const redis = await startRedis()
try {
  const results = await runAll({ url: redis.url, rounds: Number(options.rounds) })
  const used = await versions(redis.version)
  const table = report(results, used)
  console.log(options.json ? JSON.stringify({ versions: used, results }, null, 2) : table)
  if (options.write) {
    const guide = new URL('../../docs/races.md', import.meta.url)
    await writeInto(
      guide,
      'races',
      `${table}\n\nWhat "held" asks for, row by row:\n\n${definitions()}`,
    )
  }
  for (const complaint of complaints(results)) {
    console.error(complaint)
    process.exitCode = 1
  }
} finally {
  await redis.stop()
}
