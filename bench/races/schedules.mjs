import { SCENES } from './scenes.mjs'

/**
 * The rows. `held` says what must be true after the schedule. It is checked in the browser's jar,
 * by requests with the old and the new cookie, and in the store.
 */
export const SCHEDULES = [
  {
    name: 'Two requests write different keys',
    held: 'The session holds both keys.',
    run: (trial) => trial.play(SCENES.settings),
  },
  {
    name: 'One deletes a key, one writes another',
    held: 'The deleted key is gone and the other one is stored, whichever request is slower.',
    async run(trial) {
      const faults = []
      for (const [late, quick] of [
        ['del:seed', 'set:b:1'],
        ['set:b:1', 'del:seed'],
      ]) {
        const user = await trial.user()
        const { cookie } = user
        const slow = await trial.begin(user, `wait,${late}`)
        await trial.do(user, quick)
        await slow.finish()
        faults.push(...(await trial.judge(user, { cookie, has: { b: '1' }, lacks: ['seed'] })))
        await trial.do(user, 'logout')
      }
      return faults
    },
  },
  {
    name: 'Two increments of one counter',
    held: 'The counter is 2. koa-sess uses `session.update`; the others read, wait and write.',
    run: (trial) => trial.play(SCENES.buy),
  },
  {
    name: 'Logout, a slow request writes',
    held: 'The old cookie loads no session, the store holds none, and the browser gets no cookie.',
    run: (trial) => trial.play(SCENES.logout),
  },
  {
    name: 'Logout, a slow request reads',
    held: 'The same.',
    run: (trial) => logout(trial, 'wait'),
  },
  {
    name: 'Logout and login, then a late request with the old cookie writes',
    held: 'The browser keeps the cookie of its login, whose data are stored; the old one loads no session.',
    run: (trial) => late(trial, 'set:late:1'),
  },
  {
    name: 'Logout and login, then a late request with the old cookie reads',
    held: 'The same.',
    run: (trial) => late(trial, ''),
  },
  {
    name: 'Regenerate at login, a slow request writes',
    held: 'The old cookie loads no session, the browser keeps the new one, and the new session holds the data of the login and none of the slow request.',
    run: (trial) => login(trial, 'wait,set:late:1'),
  },
  {
    name: 'Regenerate at login, a slow request reads',
    held: 'The same.',
    run: (trial) => login(trial, 'wait'),
  },
  {
    name: 'Two regenerates of one session',
    held: 'Both requests succeed, the store holds one session, the browser has its cookie, and the old cookie loads no session.',
    run: (trial) => trial.play(SCENES.login),
  },
  {
    name: 'A new session is ended between its first save and the end of its request',
    held: 'The store holds no session, and the cookie that the browser got loads none.',
    async run(trial) {
      const user = trial.browser()
      const slow = await trial.begin(user, 'set:a:1,save,wait,set:late:1')
      const [deadId] = await trial.ids()
      await trial.do(trial.browser(), `end:${deadId}`)
      await slow.finish()
      return trial.judge(user, { cookie: user.cookie, dead: user.cookie, deadId })
    },
  },
  {
    name: 'A slow request throws',
    held: 'After another write: its data are stored. After a logout: the session stays ended.',
    async run(trial) {
      const user = await trial.user()
      const { cookie } = user
      const slow = await trial.begin(user, 'wait,set:a:1,throw', { status: 500 })
      await trial.do(user, 'set:b:1')
      await slow.finish()
      const faults = await trial.judge(user, { cookie, has: { seed: '1', b: '1' } })
      await trial.do(user, 'logout')
      return [...faults, ...(await logout(trial, 'wait,set:late:1,throw', { status: 500 }))]
    },
  },
  {
    name: 'The record expires, a slow request writes',
    held: 'The old cookie loads no session, and the store holds none.',
    async run(trial) {
      const user = await trial.user()
      const { cookie } = user
      const slow = await trial.begin(user, 'wait,set:late:1')
      await trial.expire()
      await slow.finish()
      return trial.judge(user, { cookie, dead: cookie })
    },
  },
]

async function logout(trial, steps, options) {
  const user = await trial.user()
  const dead = user.cookie
  const slow = await trial.begin(user, steps, options)
  await trial.do(user, 'logout')
  // Some packages do not clear the cookie. Then the slow request must only not set it again.
  const { cookie } = user
  await slow.finish()
  return trial.judge(user, { cookie, dead })
}

async function late(trial, steps) {
  const user = await trial.user()
  const dead = user.cookie
  await trial.do(user, 'logout')
  await trial.do(user, 'set:user:ada')
  const { cookie } = user
  await trial.do(user, steps, { cookie: dead })
  return trial.judge(user, { cookie, dead, has: { user: 'ada' }, lacks: ['late'] })
}

async function login(trial, steps) {
  const user = await trial.user()
  const dead = user.cookie
  const slow = await trial.begin(user, steps)
  await trial.do(user, 'regenerate,set:user:ada')
  const { cookie } = user
  await slow.finish()
  return trial.judge(user, { cookie, dead, has: { user: 'ada' }, lacks: ['late'] })
}
