// What `require('koa-sess/device-bound')` sees: the ES module's own types, as for the package itself.
import type * as only from '../device-bound.js' with { 'resolution-mode': 'import' }

declare const deviceBound: typeof only.deviceBound
type BoundDevice = only.BoundDevice
type DeviceBoundContext = only.DeviceBoundContext
type DeviceBoundOptions = only.DeviceBoundOptions
type DeviceRefusal = only.DeviceRefusal
type Unproved = only.Unproved

export {
  type BoundDevice,
  type DeviceBoundContext,
  type DeviceBoundOptions,
  type DeviceRefusal,
  deviceBound,
  type Unproved,
}
