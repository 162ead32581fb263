import fc from 'fast-check'

// FC_RUNS=20000 npx vitest run test/security/fuzz looks longer; a failure prints its seed and its path.
export const RUNS = Number(process.env.FC_RUNS ?? 300)
export const TIMEOUT = 10_000 + RUNS * 50
// To make a failing input smaller may take long: the smallest one until then is reported.
fc.configureGlobal({ interruptAfterTimeLimit: TIMEOUT / 2 })
