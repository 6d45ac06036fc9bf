import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readTokenAnswer } from '../../../src/egress/oauth/token-answer.ts'

const answer = (status: number, body: unknown) => readTokenAnswer(status, JSON.stringify(body))
const good = { access_token: 'abc.def', token_type: 'Bearer', expires_in: 3599 }

describe('a token', () => {
  test('lasts as long as the answer says, in a number or a text', () => {
    expect(answer(200, good)).toEqual({ kind: 'token', token: 'abc.def', lifetimeMs: 3_599_000, refreshToken: null })
    expect(answer(200, { ...good, expires_in: '600' })).toMatchObject({ lifetimeMs: 600_000 })
  })

  test('of which nothing is said lasts for an hour; absurd times are brought to what is usual', () => {
    for (const [expires_in, lifetimeMs] of [
      [undefined, 3_600_000],
      [-5, 3_600_000],
      ['soon', 3_600_000],
      [1, 30_000],
      [1e12, 86_400_000],
    ]) {
      expect(answer(200, { ...good, expires_in })).toMatchObject({ lifetimeMs })
    }
  })

  test('may come with another refresh token', () => {
    expect(answer(200, { ...good, refresh_token: 'r2' })).toMatchObject({ refreshToken: 'r2' })
  })

  test('that could break a line of SMTP is none', () => {
    for (const access_token of ['a b', 'a\r\nQUIT', '', 'ü', 'x'.repeat(9000), 17, null]) {
      expect(answer(200, { ...good, access_token })).toMatchObject({ kind: 'refused', isFinal: false })
    }
    expect(answer(200, { ...good, token_type: 'mac' })).toMatchObject({ kind: 'refused' })
  })
})

describe('a refusal', () => {
  test('of Microsoft is told by its first sentence and its number', () => {
    const error_description =
      "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '1111'. Trace ID: 0f Correlation ID: 0e Timestamp: 2026-11-21 18:00:00Z"
    const refused = answer(401, { error: 'invalid_client', error_description, error_codes: [7000215] })
    expect(refused).toMatchObject({ kind: 'refused', code: 'AADSTS7000215', isFinal: true })
    expect(refused).toMatchObject({
      why: expect.stringMatching(/^refuses \(invalid_client\): AADSTS7000215: Invalid client/),
    })
    expect(refused).toMatchObject({ why: expect.not.stringContaining('Trace ID') })
  })

  test('of Google is told as it is', () => {
    const body = { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }
    expect(answer(400, body)).toMatchObject({
      why: 'refuses (invalid_grant): Token has been expired or revoked.',
      isFinal: true,
    })
  })

  test('that may pass is not final', () => {
    expect(answer(503, { error: 'temporarily_unavailable' })).toMatchObject({ isFinal: false })
    expect(answer(500, { error: 'invalid_client' })).toMatchObject({ isFinal: false })
    expect(readTokenAnswer(502, '<html>Bad Gateway</html>')).toMatchObject({
      why: 'answers 502 and no JSON',
      isFinal: false,
    })
    expect(answer(404, {})).toMatchObject({ why: 'answers 404' })
  })

  test('is one line of printable characters of bounded length, whatever came', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary', maxLength: 2000 }),
        (error, description) => {
          const said = answer(400, { error, error_description: description })
          if (said.kind !== 'refused') return false
          return /^[ -~]*$/.test(said.why) && said.why.length < 400
        },
      ),
    )
  })

  test('no octets whatever make the reader throw', () => {
    fc.assert(
      fc.property(fc.nat(999), fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (status, body) => {
        const said = readTokenAnswer(status, body)
        return said.kind === 'token' ? said.token !== '' : said.why !== ''
      }),
    )
  })
})
