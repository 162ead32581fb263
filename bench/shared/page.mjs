import { readFile, writeFile } from 'node:fs/promises'

/** Writes a report between the two comments of a page that carry its name. */
export async function writeInto(file, name, text) {
  const page = await readFile(file, 'utf8')
  const [begin, end] = [page.indexOf(`<!-- ${name}:`), page.indexOf(`<!-- /${name} -->`)]
  if (begin < 0 || end < begin)
    throw new Error(`<!-- ${name}: … --> and <!-- /${name} --> are missing`)
  const open = page.slice(0, page.indexOf('-->', begin) + 3)
  await writeFile(file, `${open}\n\n${text}\n\n${page.slice(end)}`)
}
