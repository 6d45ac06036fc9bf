import { line, listOf, oneOf, record, text, whole } from './shape.ts'

const file = text(/^\/[^\x00-\x1f\x7f]{1,4000}$/, 'an absolute path')

export const tlsPolicy = record(
  {},
  {
    dane: oneOf(false),
    mtaSts(value, where) {
      if (value !== false) record({ port: whole(1, 65_535) })(value, where)
    },
    except: listOf(text(/^(?:\*|(?:\*\.)?[a-z0-9_.-]{1,255})$/, 'a domain pattern'), 100_000),
    ca: file,
  },
)

export const tlsReports = record({ from: line, contact: line, organization: line })
