import fc from 'fast-check'

// FC_RUNS=20000 npx vitest run test/security/fuzz looks longer; a failure prints its seed and its path.
export const RUNS = Number(process.env.FC_RUNS ?? 300)
export const TIMEOUT = 10_000 + RUNS * 50
// Making a failure smaller may take long; what was found until then is told.
fc.configureGlobal({ interruptAfterTimeLimit: TIMEOUT / 2 })

const PROTOTYPES: object[] = [Object, Array, Function, String, Number, Date, Promise, Map].map(
  ({ prototype }) => prototype,
)
const inherited = () =>
  PROTOTYPES.flatMap((each) =>
    Reflect.ownKeys(each).map((key) => Reflect.getOwnPropertyDescriptor(each, key)),
  ).flatMap((descriptor) => [descriptor?.value, descriptor?.get, descriptor?.set])
const before = inherited()

/** Whether something that everything inherits from is not what it was. */
export const isPolluted = () => inherited().some((value, at) => !Object.is(value, before[at]))
