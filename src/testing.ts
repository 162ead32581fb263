export { ManualClock } from './testing/clock.js'
export {
  type Fault,
  FaultyStore,
  type Hold,
  type Moment,
  type StoreCall,
  type StoreMethod,
} from './testing/faulty.js'
export type { Clock, CreateStore, OpenStore, Outage } from './testing/options.js'
export { type StoreTests, testStore } from './testing/suite.js'
