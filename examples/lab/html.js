class Html {
  constructor(text) {
    this.text = text
  }

  toString() {
    return this.text
  }
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** A template tag that escapes values, except for values that are such templates. */
export function html(strings, ...values) {
  return new Html(String.raw({ raw: strings }, ...values.map(toHtml)))
}

function toHtml(value) {
  if (value instanceof Html) return value.text
  if (Array.isArray(value)) return value.map(toHtml).join('')
  if (value === undefined || value === null || value === false) return ''
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character])
}
