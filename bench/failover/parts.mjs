import { mkdtempSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'tsdown'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The servers, the load and the store that the tests of failover use, as JavaScript. */
export async function loadParts() {
  // Inside of the repo, so that the bundle finds koa and the clients.
  const folder = mkdtempSync(fileURLToPath(new URL('generated-', import.meta.url)))
  try {
    await build({
      config: false,
      entry: {
        failover: `${ROOT}test/support/failover.ts`,
        redis: `${ROOT}src/stores/redis.ts`,
      },
      format: 'esm',
      platform: 'node',
      outDir: folder,
      outExtensions: () => ({ js: '.mjs' }),
      dts: false,
      clean: false,
      logLevel: 'silent',
    })
    return {
      ...(await import(`${folder}/failover.mjs`)),
      ...(await import(`${folder}/redis.mjs`)),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
