import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { folder, root, run, runProcess, useCommand } from '../run.js'

useCommand()

const OLD = "import session from 'koa-session'\n\napp.use(session({ store }, app))\n"
const HANDLER = 'export default (ctx) => {\n  ctx.body = ctx.session.populated\n}\n'

/** The directory of an application. */
let app = ''

beforeEach(() => {
  app = mkdtempSync(join(folder, 'app-'))
  mkdirSync(join(app, 'node_modules/old'), { recursive: true })
  mkdirSync(join(app, 'src/routes'), { recursive: true })
  symlinkSync(join(root, 'node_modules/typescript'), join(app, 'node_modules/typescript'))
  write('src/app.js', OLD)
  write('src/routes/home.mjs', HANDLER)
  for (const left of ['src/types.d.ts', 'src/readme.md', 'node_modules/old/index.js'])
    write(left, OLD)
})

function write(path: string, text: string): void {
  writeFileSync(join(app, path), text)
}

const read = (path: string) => readFileSync(join(app, path), 'utf8')
const codemod = (...args: string[]) => run(['codemod', ...args], app)

test('a dry run prints the lines that would change, and writes nothing', async () => {
  const { code, out, err } = await runProcess(['codemod', 'koa-session', 'src', '--dry-run'], app)
  expect([code, err]).toEqual([0, ''])
  expect(out).toBe(`
src/app.js
   1 - import session from 'koa-session'
     + import session from 'koa-sess'
   3 - app.use(session({ store }, app))
     + app.use(session({ key: 'koa.sess', prefix: '', store, cookie: { maxAge: 86_400_000 } }))

src/routes/home.mjs
   2 -   ctx.body = ctx.session.populated
     +   ctx.body = Object.keys(ctx.session).length > 0

2 files would change, 0 places to look at. Nothing was written.
`)
  expect(read('src/app.js')).toBe(OLD)
})

test('it rewrites files in folders, and leaves declarations, node_modules and other files', async () => {
  write('src/left.ts', 'await session.manuallyCommit()\n')
  const { code, out } = await codemod('koa-session', '.')
  expect(code).toBe(0)
  expect(out).toContain('look at src/left.ts:1: session.manuallyCommit: not changed')
  expect(out).toContain('2 files changed, 1 place to look at')
  expect(out).toContain(
    'Keep koa-session and its store in package.json until you will not go back.',
  )
  expect(read('src/app.js')).toContain("from 'koa-sess'")
  for (const left of ['src/types.d.ts', 'src/readme.md', 'node_modules/old/index.js'])
    expect(read(left)).toBe(OLD)
})

test('a file that is not UTF-8 is left as it is, byte for byte', async () => {
  const latin = (text: string) => Buffer.from(`// caf\u00E9\n${text}`, 'latin1')
  const files = { 'app.js': latin(OLD), 'handler.js': latin(HANDLER), 'other.js': latin('run()\n') }
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(app, 'src', name), bytes)
  const { code, out } = await codemod('koa-session', 'src')
  expect(code).toBe(0)
  expect(out).toContain('look at src/app.js:1: this file is not UTF-8, so it is left as it is\n')
  expect(out).toContain('look at src/handler.js:1: this file is not UTF-8')
  expect(out).not.toContain('other.js')
  expect(out).toContain('1 file changed, 2 places to look at')
  for (const [name, bytes] of Object.entries(files))
    expect(readFileSync(join(app, 'src', name))).toEqual(bytes)
})

test('a byte order mark and letters of UTF-8 are kept', async () => {
  write('src/app.js', `\uFEFF// caf\u00E9\n${OLD}`)
  await codemod('koa-session', 'src')
  expect(read('src/app.js')).toMatch(/^\uFEFF\/\/ caf\u00E9\nimport session from 'koa-sess'\n/)
})

test('its help says what its exit status means, and nothing of stores', async () => {
  const { code, out } = await codemod('--help')
  expect(code).toBe(0)
  expect(out).toContain('1 a file could not be read or written')
  expect(out).not.toMatch(/store|130/)
})

test('a second run changes nothing, also what was written since', async () => {
  await codemod('koa-session', 'src')
  write('src/later.js', 'ctx.session.regenerate()\n')
  const { code, out } = await codemod('koa-session', 'src')
  expect([code, out]).toEqual([0, 'Nothing to do: none of these 3 files imports koa-session.\n'])
  expect(read('src/later.js')).toBe('ctx.session.regenerate()\n')
})

test.each<[string[], RegExp]>([
  [['koa-sessions', 'src'], /codemod needs a package, koa-session or koa-generic-session/],
  [['koa-session'], /codemod needs a package.* and the files/],
  [['koa-session', 'nowhere'], /there is no file or folder nowhere/],
  [['koa-session', 'src', '--write'], /'--write': see koa-sess --help/],
])('%j is refused in one line', async (args, message) => {
  const { code, out, err } = await codemod(...args)
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(message)
  expect(err.trim()).not.toContain('\n')
})

test('without TypeScript, or with one that has no parser, it says what to install', async () => {
  const message = expect.stringContaining('npm install --no-save typescript@6 in this directory')
  const bare = mkdtempSync(join(folder, 'bare-'))
  writeFileSync(join(bare, 'app.js'), OLD)
  expect(await run(['codemod', 'koa-session', '.'], bare)).toMatchObject({ code: 2, err: message })
  mkdirSync(join(bare, 'node_modules/typescript'), { recursive: true })
  writeFileSync(join(bare, 'node_modules/typescript/index.js'), 'exports.version = "7.0.2"\n')
  expect(await run(['codemod', 'koa-session', '.'], bare)).toMatchObject({ code: 2, err: message })
  expect(readFileSync(join(bare, 'app.js'), 'utf8')).toBe(OLD)
})
