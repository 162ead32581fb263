const WIDTH = 760
const HEIGHT = 400
const AREA = { left: 70, top: 60, right: 540, bottom: 350 }
// Distinguishable with colour blindness (Okabe and Ito).
const COLOURS = ['#555555', '#d55e00', '#0072b2', '#009e73', '#cc79a7', '#e69f00', '#56b4e9']

/**
 * A plot with logarithmic axes. Each of the `series` has a name and `lines`; a line has `points`
 * ([x, y] above 0) and optional `dashes`.
 */
export function lineChart({ title, x, y, series }) {
  const points = series.flatMap(({ lines }) => lines.flatMap((line) => line.points))
  const columns = [...new Set(points.map(([value]) => value))].sort((a, b) => a - b)
  const rows = ticks(points.map(([, value]) => value))
  const atX = scale(columns, AREA.left, AREA.right)
  const atY = scale(rows, AREA.bottom, AREA.top)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(AREA.left, 24, title, 'font-size="14" font-weight="bold"'),
    text((AREA.left + AREA.right) / 2, HEIGHT - 12, x, 'text-anchor="middle"'),
    text(AREA.left - 8, AREA.top - 14, y, 'text-anchor="end"'),
    ...rows.flatMap((value) => [
      rule(AREA.left, atY(value), AREA.right, atY(value)),
      text(AREA.left - 8, atY(value) + 4, short(value), 'text-anchor="end"'),
    ]),
    ...columns.flatMap((value) => [
      rule(atX(value), AREA.top, atX(value), AREA.bottom),
      text(atX(value), AREA.bottom + 18, short(value), 'text-anchor="middle"'),
    ]),
    ...series.flatMap(({ name, lines }, at) => {
      const colour = COLOURS[at % COLOURS.length]
      return [
        ...lines.map((line) => path(line, atX, atY, colour)),
        `<rect x="${AREA.right + 16}" y="${AREA.top + at * 22}" width="12" height="12" fill="${colour}"/>`,
        text(AREA.right + 34, AREA.top + at * 22 + 10, name),
      ]
    }),
    '</svg>\n',
  ].join('\n')
}

/** 1, 2, 5, 10, 20 and so on, from below the smallest value to above the largest. */
function ticks(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const all = []
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high * 10; power++)
    all.push(...[1, 2, 5].map((digit) => Number(`${digit}e${power}`)))
  const first = all.findLastIndex((tick) => tick <= low)
  return all.slice(first, all.findIndex((tick) => tick > high) + 1)
}

function scale(values, from, to) {
  const [low, high] = [Math.log(values[0]), Math.log(values.at(-1))]
  const span = high - low || 1
  return (value) => Math.round(from + ((Math.log(value) - low) / span) * (to - from))
}

function path({ points, dashes }, atX, atY, colour) {
  const places = points.map(([x, y]) => `${atX(x)},${atY(y)}`)
  const dashed = dashes ? ` stroke-dasharray="${dashes}"` : ''
  const dots = places.map((place) => {
    const [x, y] = place.split(',')
    return `<circle cx="${x}" cy="${y}" r="2.5" fill="${colour}"/>`
  })
  const line = `<polyline points="${places.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"${dashed}/>`
  return [line, ...dots].join('\n')
}

const rule = (x1, y1, x2, y2) => `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#ddd"/>`

const text = (x, y, value, more = '') =>
  `<text x="${x}" y="${y}" fill="#222"${more && ` ${more}`}>${escaped(value)}</text>`

const short = (value) => value.toLocaleString('en', { maximumFractionDigits: 3 })

const escaped = (value) =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
