/** A doc comment: its text, and the tags that the reference shows. */
export interface DocComment {
  /** Markdown: one line for each paragraph. */
  text: string
  default: string | undefined
  since: string | undefined
  examples: string[]
  /** What `@throws` says, without the class. */
  throws: string[]
}

/** Parses the last doc comment in the text before a declaration; undefined: there is none. */
export function docCommentIn(before: string): DocComment | undefined {
  const comment = before.match(/\/\*\*.*?\*\//gs)?.at(-1)
  return comment === undefined ? undefined : parse(comment)
}

function parse(comment: string): DocComment {
  const lines = comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, '').trimEnd())
  const [text = '', ...tags] = lines.join('\n').split(/^@(?=\w)/m)
  const valuesOf = (name: string) =>
    tags
      .filter((tag) => tag.match(/^\w+/)?.[0] === name)
      .map((tag) => tag.slice(name.length).trim())
  return {
    text: paragraphs(text),
    default: valuesOf('default').map(oneLine)[0],
    since: valuesOf('since').map(oneLine)[0],
    examples: valuesOf('example'),
    throws: valuesOf('throws').map((value) => oneLine(value).replace(/^\{\w+\} /, '')),
  }
}

/** Joins the lines of a paragraph. A list item begins a line of its own; code keeps its lines. */
function paragraphs(text: string): string {
  return text
    .trim()
    .split(/^(```.*?^```)$/ms)
    .map((part) => (part.startsWith('```') ? part : part.replace(/(?<!\n)\n(?!\n|- )/g, ' ')))
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join('\n\n')
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}
