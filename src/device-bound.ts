export { deviceBound } from './device-bound/middleware.js'
export type { DeviceBoundOptions, Unproved } from './device-bound/options.js'
export type { BoundDevice, DeviceBoundContext } from './device-bound/types.js'
export type { DeviceRefusal } from './util/events.js'
