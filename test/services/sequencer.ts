import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Those that run longest, the longest first: begun last, one of them would run alone at the end.
const LONG = [
  'browser/',
  'cli/command',
  'races/races',
  'users/worlds',
  'users/races',
  'conformance/adapters.test',
  'conformance/postgres',
  'conformance/mysql',
  'conformance/redis-cluster',
  'properties/model',
  'cuts/pg',
  'integration/sql-outage',
  'security/fuzz-records',
  'integration/redis-faults',
  'docs/docs',
  'docs/typescript',
  'races/processes',
  'failover/',
  'conformance/',
  'crash/',
]

const rank = ({ moduleId, project }: TestSpecification) => {
  const at = LONG.findIndex((name) => moduleId.includes(`/test/${name}`))
  // A worker goes from file to file within a project: the small ones of another project come last.
  return at >= 0 ? at : LONG.length + (project.name === 'unit' ? 1 : 0)
}

/** The order in which the workers take the files. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((left, right) => rank(left) - rank(right))
  }
}
