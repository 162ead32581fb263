const PROTOTYPES = [Object, Array, Function, String, Number, Date, Promise, Map].map(
  ({ prototype }) => prototype,
)
const inherited = () =>
  PROTOTYPES.flatMap((each) =>
    Reflect.ownKeys(each).flatMap((key) =>
      Object.values(Reflect.getOwnPropertyDescriptor(each, key)),
    ),
  )
const before = inherited()

export function demand(holds, what) {
  if (!holds) throw new Error(what)
}

/** @throws when a built-in prototype was changed. */
export function demandClean() {
  const polluted = inherited().some((value, at) => !Object.is(value, before[at]))
  demand(!polluted, 'a prototype was polluted')
}

/** The emitted errors for a message, with their origin, which distinguishes failures. */
export function describeErrors(errors) {
  return errors.map((error) => lines(error) + lines(error.cause)).join('; ')
}

function lines(error) {
  return error instanceof Error ? `${error.stack.split('\n', 2).join(' ')} ` : ''
}
