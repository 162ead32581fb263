import { mysql2 } from './clients.js'
import { cutEach } from './matrix.js'

cutEach('mysql2', mysql2)
