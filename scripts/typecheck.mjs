// Checks the types of all code with TypeScript 7: npm run typecheck
// Programs in JavaScript that use the compiler need TypeScript 6, and both packages call their command tsc.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript-7/package.json')))

for (const project of ['.', 'test/types', 'test/types/augmented']) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', project], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
