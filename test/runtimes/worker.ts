// Runs in workerd, where nothing random, and no timer, is allowed before the first request.
import { httpServerHandler } from 'cloudflare:node'
import { makeApp } from './app.js'

const PORT = 8080
makeApp().listen(PORT)

export default httpServerHandler({ port: PORT })
