// Links of the pages: which are dead, and how a page reads without them.
import { posix } from 'node:path'

/** `[text](target)` and `![text](target)`. */
const LINK = /(!?)\[([^\]]*)\]\(([^)\s]+)\)/g
/** A picture that is a paragraph of its own. */
const PICTURE = /^!\[([^\]]*)\]\(([^)\s]+)\)\n\n?/gm
/** Code is no link. */
const CODE = /^```.*?^```|`[^`\n]+`/gms

/**
 * A page with every link to a file that is not among `files` replaced by its text and the path. A picture
 * is replaced by its text if that is a sentence. A caption that says nothing without its picture is removed.
 */
export function withoutDeadLinks(page, text, files) {
  const deadPath = (target) => {
    const path = fileOf(page, target)
    return path === undefined || files.includes(path) ? undefined : path
  }
  return outsideOfCode(text, (prose) =>
    prose
      .replace(PICTURE, (picture, label, target) =>
        deadPath(target) === undefined || label.endsWith('.') ? picture : '',
      )
      .replace(LINK, (link, picture, label, target) => {
        const path = deadPath(target)
        if (path === undefined) return link
        return picture ? label : `${label} (\`${path}\` in the repository)`
      }),
  )
}

/**
 * The links of a page that lead nowhere.
 * @param read Returns the text of a file; undefined: there is none.
 */
export function deadLinks(page, text, read) {
  const dead = []
  outsideOfCode(text, (prose) => {
    for (const [, , , target] of prose.matchAll(LINK)) {
      const path = fileOf(page, target) ?? (target.startsWith('#') ? page : undefined)
      if (path === undefined) continue
      const [, anchor] = target.split('#')
      const found = path === page ? text : read(path)
      if (found === undefined || (anchor && !anchorsIn(found).includes(anchor)))
        dead.push(`${page}: ${target}`)
    }
    return prose
  })
  return dead
}

/** The file that a link leads to; undefined: an address, or a place in the same page. */
function fileOf(page, target) {
  if (/^(\w+:|#)/.test(target)) return undefined
  return posix.join(posix.dirname(page), target.split('#')[0])
}

/** The anchors of a page: those of its headings as repositories make them, and those it sets. */
function anchorsIn(text) {
  const prose = text.replace(/^```.*?^```/gms, '')
  const headings = [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slug(heading))
  const set = [...prose.matchAll(/ (?:id|name)="([^"]+)"/g)].map(([, id]) => id)
  const counts = new Map()
  const numbered = headings.map((heading) => {
    const count = counts.get(heading) ?? 0
    counts.set(heading, count + 1)
    return count === 0 ? heading : `${heading}-${count}`
  })
  return [...numbered, ...set]
}

function slug(heading) {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<[^>]*>/g, '')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .replace(/\s/g, '-')
}

function outsideOfCode(text, change) {
  let result = ''
  let end = 0
  for (const { 0: code, index } of text.matchAll(CODE)) {
    // A link may have code as its text.
    if (!code.startsWith('```')) continue
    result += change(text.slice(end, index)) + code
    end = index + code.length
  }
  return result + change(text.slice(end))
}
