/** What a handler can be asked to do, in the words of the query: `?do=wait,set:a:1&gate=3`. */
const STEPS = {
  set: (visit, _pass, key, value) => visit.set(key, value),
  del: (visit, _pass, key) => visit.remove(key),
  /** Adds one; the gate stands between reading and writing, where other handlers would await something. */
  add: (visit, pass, key) => visit.add(key, pass),
  save: (visit) => visit.save(),
  logout: (visit) => visit.logout(),
  regenerate: (visit) => visit.regenerate(),
  /** Ends the session of somebody else, as "log out everywhere" does. */
  end: (visit, _pass, id) => visit.end(id),
  wait: (_visit, pass) => pass(),
  throw: () => {
    throw new Error('The handler throws, as the schedule says')
  },
}

/** Does what the query says; what the session holds after it is the answer. */
export async function play(query, visit, gates) {
  const pass = () => gates.pass(query.gate)
  for (const step of query.do.split(',').filter(Boolean)) {
    const [name, ...args] = step.split(':')
    await STEPS[name](visit, pass, ...args)
  }
  return visit.data()
}
