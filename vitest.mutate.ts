import { defineConfig } from 'vitest/config'

// What kills mutants: the tests that run inside of one process, and quickly.
export default defineConfig({
  test: {
    include: [
      'test/unit/{id,duration,fields,group-commit,key-move,lifetime,merge,record-format,tombstone,plan,options}.test.ts',
      'test/unit/{cookie-header,cookie-signature,cookie-attributes,stored-cookie}.test.ts',
      'test/security/{checklist,absolute,at-rest,cookies,events,signatures,caches,cookie-only}.test.ts',
      'test/integration/{errors,expiry,lazy,regressions,renew,streams,surface}.test.ts',
      'test/races/{races,conflicts}.test.ts',
    ],
    globalSetup: ['test/services/redis-setup.ts'],
    // One store is enough to tell a mutant. The others take their time, and so do 256 lost rounds.
    testNamePattern:
      /^(?!.*(?:Redis|Sqlite|Postgres|Mysql|thunks|generators|a store of promises|gives up in the end)).*$/,
    bail: 1,
    testTimeout: 5000,
  },
})
