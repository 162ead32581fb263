import { SCENES } from '../../../bench/races/scenes.mjs'
import { html } from '../html.js'
import { mark, seen } from './verdict.js'

/** One row for each scene, one column for each package. */
export function overview({ packages, measured, shown }) {
  return html`
    <table class="overview">
      <caption class="hidden">What was seen after each scene</caption>
      <thead>
        <tr><td></td>${packages.map(({ name }) => html`<th scope="col"><span>${name}</span></th>`)}</tr>
      </thead>
      <tbody>${Object.entries(SCENES).map(
        ([id, scene]) => html`
        <tr class="${id === shown && 'shown'}">
          <th scope="row"><a href="/races/${id}" ${id === shown && html`aria-current="page"`}>${scene.title}</a></th>
          ${packages.map(({ name }) => cell(scene, measured.results[id][name].faults))}
        </tr>`,
      )}</tbody>
    </table>`
}

function cell(scene, faults) {
  const isRight = faults.length === 0
  return html`<td class="${isRight ? 'right' : 'wrong'}">${mark(isRight)} <span class="seen">${seen(scene, faults)}</span></td>`
}
