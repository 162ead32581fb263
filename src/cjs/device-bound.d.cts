// What `require('koa-sess/device-bound')` sees: the ES module's own types, as for the package itself.
import type * as only from '../device-bound.js' with { 'resolution-mode': 'import' }

declare const deviceBound: typeof only.deviceBound
type BoundDevice = only.BoundDevice
type DeviceBoundContext = only.DeviceBoundContext
type DeviceBoundOptions = only.DeviceBoundOptions
type Unproved = only.Unproved

export {
  type BoundDevice,
  type DeviceBoundContext,
  type DeviceBoundOptions,
  deviceBound,
  type Unproved,
}
