import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { expect, test, vi } from 'vitest'
import { visitRecipe } from './guide.js'

// That the recipes run is shown with every other program; here, what comes out of them.

async function visit(heading: string): Promise<string> {
  let id = ''
  await visitRecipe('events.md', heading, async ([browser]) => {
    await browser.get('/')
    await browser.get('/', { cookie: 'koa.sid=0123456789abcdef; koa.sid.sig=forged' })
    id = browser.jar.get('koa.sid') ?? ''
  })
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
