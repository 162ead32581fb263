import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { expect, test, vi } from 'vitest'
import { visitProgram } from '../support/program.js'

// That the recipes run is shown with every other program; here, what comes out of them.

const page = readFileSync(join(import.meta.dirname, '../../docs/events.md'), 'utf8')
const folder = join(import.meta.dirname, 'generated')

async function visit(heading: string): Promise<string> {
  const section = page.slice(page.indexOf(`## ${heading}`))
  const code = /^```js\n(.*?)^```$/ms.exec(section)?.[1] ?? ''
  const file = join(folder, `recipe-${heading}.mjs`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, code)
  let id = ''
  await visitProgram(file, async (browser) => {
    await browser.get('/')
    await browser.get('/', { cookie: 'koa.sid=0123456789abcdef; koa.sid.sig=forged' })
    id = browser.jar.get('koa.sid') ?? ''
  })
  rmSync(file)
  return id
}

test('the OpenTelemetry recipe counts events by name and reason', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  await visit('OpenTelemetry')
  await reader.forceFlush()
  const [counter] = exporter.getMetrics()[0]?.scopeMetrics[0]?.metrics ?? []
  expect(counter?.descriptor.name).toBe('session.events')
  expect(counter?.dataPoints.map(({ attributes }) => attributes)).toEqual([
    { event: 'create' },
    { event: 'reject', why: 'signature' },
  ])
  await reader.shutdown()
})

test('the pino recipe writes a line for each event, without an id', async () => {
  const written: string[] = []
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
  const id = await visit('pino')
  spy.mockRestore()
  const lines = written.join('').trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).event)).toEqual(['create', 'reject', 'create'])
  expect(lines.join()).not.toContain(id)
})
