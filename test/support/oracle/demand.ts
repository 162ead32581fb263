/** @throws {Error} with this message when the condition does not hold. */
export function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message)
}

const PROTOTYPES: object[] = [Object, Array, Function, String, Number, Date, Promise, Map].map(
  ({ prototype }) => prototype,
)
const inherited = () =>
  PROTOTYPES.flatMap((each) =>
    Reflect.ownKeys(each).map((key) => Reflect.getOwnPropertyDescriptor(each, key)),
  ).flatMap((descriptor) => [descriptor?.value, descriptor?.get, descriptor?.set])
const before = inherited()

/** @throws {Error} when a built-in prototype was changed since this module was loaded. */
export function demandClean(): void {
  const isClean = inherited().every((value, at) => Object.is(value, before[at]))
  demand(isClean, 'a prototype was polluted')
}

/** The messages of errors and the first line of their stacks, which tells one failure from another. */
export function describeErrors(errors: readonly unknown[]): string {
  const lines = (error: unknown) =>
    error instanceof Error ? `${(error.stack ?? '').split('\n', 2).join(' ')} ` : ''
  return errors
    .map((error) => lines(error) + lines(error instanceof Error ? error.cause : undefined))
    .join('; ')
}
