import { defineConfig } from 'vitest/config'

// The unit tests of the files that `npm run mutate` changes.
export default defineConfig({
  test: {
    include: [
      'test/unit/{commit,id,duration,fields,group-commit,key-move,lifetime,merge,record-format,similar-fields,tombstone,plan,cookie-header,cookie-signature,stored-cookie,store-guard}.test.ts',
    ],
    bail: 1,
    testTimeout: 5000,
  },
})
