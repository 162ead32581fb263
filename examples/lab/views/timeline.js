import { html } from '../html.js'
import { describe } from './text.js'

/**
 * A timeline is a table: its columns are the moments of the scene, in order, and its rows are the tabs,
 * the browser's cookie and the store.
 */
export function timeline(name, scene, { moments, faults }) {
  const { requests, order } = scene
  const tabs = [...new Set(Object.values(requests).map(({ tab }) => tab))]
  return html`
    <table class="timeline">
      <caption class="hidden">${name}, step by step</caption>
      <thead>
        <tr><td></td>${order.map((step, at) => html`<th scope="col">${at + 1}<span class="hidden">: ${nameOf(step, requests)}</span></th>`)}</tr>
      </thead>
      <tbody>
        ${tabs.map((tab) => row(tab, bars(tab, scene)))}
        ${row('Cookie', states(moments, cookie, faults.includes('moved')))}
        ${row('Store', states(moments, stored, isWrongInStore(faults)))}
      </tbody>
    </table>`
}

const isWrongInStore = (faults) => ['revived', 'lost', 'orphan'].some((one) => faults.includes(one))

function row(name, cells) {
  return html`<tr><th scope="row">${name}</th>${cells}</tr>`
}

function nameOf({ send, begin, finish }, requests) {
  const { label } = requests[send ?? begin ?? finish]
  return `${label}${begin ? ' begins' : ''}${finish ? ' ends' : ''}`
}

/** The requests of a tab, each as long as it takes; an empty cell for each moment between them. */
function bars(tab, { requests, order }) {
  const cells = []
  for (let at = 0; at < order.length; ) {
    const { send, begin } = order[at]
    const request = requests[send ?? begin]
    const isHere = request?.tab === tab
    const end = isHere && begin ? order.findIndex(({ finish }) => finish === begin) : at
    cells.push(
      isHere
        ? html`<td colspan="${end - at + 1}"><span class="bar ${begin && 'slow'}">${request.label}</span></td>`
        : html`<td></td>`,
    )
    at = end + 1
  }
  return cells
}

/** What there was after each moment; the last one is marked when it is wrong. */
function states(moments, content, isWrong) {
  return moments.map(
    (moment, at) =>
      html`<td><span class="states ${isWrong && at === moments.length - 1 && 'faulty'}">${content(moment)}</span></td>`,
  )
}

function cookie({ browser }) {
  return browser ? html`<span class="session ${browser}">${browser}</span>` : none
}

function stored({ store }) {
  if (store.length === 0) return none
  return store.map(
    ({ name, data }) =>
      html`<span class="session ${name}">${name}<small> ${describe(data)}</small></span>`,
  )
}

const none = html`<span class="none">none</span>`
