import { merge } from 'lodash'

export default merge({}, { hostname: 'gw.corp.example' })
