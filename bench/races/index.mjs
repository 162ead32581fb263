// Runs two overlapping requests of one user and reports what each package loses. See docs/races.md.
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

// Ends a schedule that hangs, which is a bug. Nothing else here depends on time.
setTimeout(() => {
  console.error('Not done after 60 s: a handler or a store does not answer')
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
      `${table}\n\nWhat "held" requires, row by row:\n\n${definitions()}`,
    )
  }
  for (const complaint of complaints(results)) {
    console.error(complaint)
    process.exitCode = 1
  }
} finally {
  await redis.stop()
}
