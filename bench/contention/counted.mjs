let commands = 0

/** Commands that this process has sent to its store so far. */
export const sent = () => commands

/** Counts the calls of some methods of a client or store; a script counts as one command. */
export function counted(target, ...methods) {
  for (const method of methods) {
    const original = target[method]
    target[method] = function (...args) {
      commands++
      return original.apply(this, args)
    }
  }
  return target
}
