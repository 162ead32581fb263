/** The steps that a query can name: `?do=wait,set:a:1&gate=3`. */
const STEPS = {
  set: (visit, _pass, key, value) => visit.set(key, value),
  del: (visit, _pass, key) => visit.remove(key),
  /** Adds one. The gate is between the read and the write, where a real handler would await. */
  add: (visit, pass, key) => visit.add(key, pass),
  save: (visit) => visit.save(),
  logout: (visit) => visit.logout(),
  regenerate: (visit) => visit.regenerate(),
  /** Ends another session by its id, as "log out everywhere" does. */
  end: (visit, _pass, id) => visit.end(id),
  wait: (_visit, pass) => pass(),
  throw: () => {
    throw new Error('The schedule makes the handler throw')
  },
}

/** Runs the steps of a query. @returns the data of the session after them. */
export async function play(query, visit, gates) {
  const pass = () => gates.pass(query.gate)
  for (const step of query.do.split(',').filter(Boolean)) {
    const [name, ...args] = step.split(':')
    await STEPS[name](visit, pass, ...args)
  }
  return visit.data()
}
