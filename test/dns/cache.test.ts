import { describe, expect, test } from 'vitest'
import { Cache } from '../../src/dns/cache.ts'
import type { Finding } from '../../src/dns/inquiry.ts'
import * as types from '../../src/dns/record-type.ts'

const a = (name: string) => ({ name, type: types.a })
const mx = (name: string) => ({ name, type: types.mx })
const found = (ttlMs: number, ...values: string[]): Finding => ({ kind: 'found', values, ttlMs, secure: false })
const none = (denied: string | null, ttlMs = 60_000): Finding => ({ kind: 'none', denied, ttlMs, secure: false })
const day = 86_400_000

describe('the DNS cache', () => {
  test('an answer is kept until its time is over, and says how much is left', () => {
    const cache = new Cache()
    cache.put(a('x.test'), found(5000, '192.0.2.1'), 1000)
    expect(cache.get(a('x.test'), 1000)).toMatchObject({ remainingMs: 5000 })
    expect(cache.get(a('x.test'), 5999)).toMatchObject({ remainingMs: 1, finding: { values: ['192.0.2.1'] } })
    expect(cache.get(a('x.test'), 6000)).toBe(null)
    expect(cache.size).toBe(0)
  })

  test('types are kept apart', () => {
    const cache = new Cache()
    cache.put(a('x.test'), found(5000, '192.0.2.1'), 0)
    expect(cache.get(mx('x.test'), 1)).toBe(null)
  })

  test('an answer of no time is not kept', () => {
    const cache = new Cache()
    cache.put(a('x.test'), found(0, '192.0.2.1'), 0)
    cache.put(a('y.test'), none('y.test', 0), 0)
    expect(cache.size).toBe(0)
  })

  test('answers are believed for a day, absences for three hours, failures for a second', () => {
    const cache = new Cache()
    cache.put(a('x.test'), found(30 * day), 0)
    cache.put(a('y.test'), none(null, 30 * day), 0)
    cache.put(a('z.test'), { kind: 'failed', why: 'SERVFAIL' }, 0)
    expect(cache.get(a('x.test'), 0)?.remainingMs).toBe(day)
    expect(cache.get(a('y.test'), 0)?.remainingMs).toBe(day / 8)
    expect(cache.get(a('z.test'), 0)?.remainingMs).toBe(1000)
  })

  test('a name that does not exist has no record of any type, and nothing below it (RFC 8020)', () => {
    const cache = new Cache()
    cache.put(a('gone.test'), none('gone.test'), 0)
    expect(cache.get(mx('gone.test'), 1)?.finding).toMatchObject({ denied: 'gone.test' })
    expect(cache.get(mx('a.b.gone.test'), 1)?.finding).toMatchObject({ kind: 'none' })
    expect(cache.get(a('begone.test'), 1)).toBe(null)
    expect(cache.get(a('test'), 1)).toBe(null)
    expect(cache.get(mx('gone.test'), 60_000)).toBe(null)
  })

  test('no such record says nothing of other types or of names below', () => {
    const cache = new Cache()
    cache.put(a('x.test'), none(null), 0)
    expect(cache.get(mx('x.test'), 1)).toBe(null)
    expect(cache.get(a('a.x.test'), 1)).toBe(null)
  })

  test('an alias whose target does not exist does exist itself', () => {
    const cache = new Cache()
    cache.put(a('alias.test'), none('gone.test'), 0)
    expect(cache.get(a('alias.test'), 1)?.finding).toMatchObject({ kind: 'none' })
    expect(cache.get(mx('alias.test'), 1)).toBe(null)
    expect(cache.get(mx('gone.test'), 1)?.finding).toMatchObject({ kind: 'none' })
  })

  test('10,000 answers are kept, and the ones used longest ago make room', () => {
    const cache = new Cache()
    for (let i = 0; i < 10_000; i++) cache.put(a(`n${i}.test`), found(day, '192.0.2.1'), 0)
    cache.get(a('n0.test'), 1)
    cache.put(a('one-more.test'), found(day, '192.0.2.1'), 1)
    expect(cache.size).toBe(10_000)
    expect(cache.get(a('n0.test'), 2)).not.toBe(null)
    expect(cache.get(a('n1.test'), 2)).toBe(null)
  })

  test('large answers are kept in no more than 16 MiB', () => {
    const cache = new Cache()
    const large = Array.from({ length: 600 }, (_, i) => `${i}`.padEnd(100, 'x'))
    for (let i = 0; i < 1000; i++) cache.put(a(`n${i}.test`), found(day, ...large), 0)
    expect(cache.size).toBeGreaterThan(50)
    expect(cache.size).toBeLessThan(150)
    expect(cache.flush(null)).toBeLessThan(150)
    cache.put(a('x.test'), found(day, 'y'), 0)
    expect(cache.size).toBe(1)
  })

  test('names that every object has are names like any other', () => {
    const cache = new Cache()
    expect(cache.get(a('constructor'), 0)).toBe(null)
    expect(cache.get(a('__proto__'), 0)).toBe(null)
    cache.put(a('__proto__'), found(5000, '192.0.2.1'), 0)
    expect(cache.get(a('__proto__'), 0)?.finding).toMatchObject({ values: ['192.0.2.1'] })
  })

  test('flushing a name forgets it, what is below it, and what denies it', () => {
    const cache = new Cache()
    cache.put(a('d.test'), found(5000, '192.0.2.1'), 0)
    cache.put(mx('d.test'), none(null), 0)
    cache.put(a('mx.d.test'), found(5000, '192.0.2.2'), 0)
    cache.put(a('ad.test'), found(5000, '192.0.2.3'), 0)
    expect(cache.flush('d.test')).toBe(3)
    expect(cache.size).toBe(1)
    cache.put(a('test'), none('test'), 0)
    cache.flush('ad.test')
    expect(cache.get(a('ad.test'), 1)).toBe(null)
  })

  test('the view shows what is kept, since when, until when, and how often it was of use', () => {
    const cache = new Cache()
    cache.put(
      mx('d.test'),
      { kind: 'found', values: [{ preference: 10, exchange: 'mx.d.test' }], ttlMs: 5000, secure: false },
      100,
    )
    cache.put(a('d.test'), none(null, 1000), 100)
    cache.put(a('gone.test'), none('gone.test', 1000), 100)
    cache.put(a('dead.test'), { kind: 'failed', why: 'SERVFAIL' }, 100)
    cache.put(a('old.test'), found(1, '192.0.2.1'), 100)
    cache.get(mx('d.test'), 200)
    const rows = cache.view(200).map(({ name, type, kind, data, hits }) => `${name} ${type} ${kind} ${data} ${hits}`)
    expect(rows.sort()).toEqual([
      'd.test A nodata  0',
      'd.test MX found 10 mx.d.test 1',
      'dead.test A failed SERVFAIL 0',
      'gone.test * nxdomain  0',
      'gone.test A nxdomain  0',
    ])
    expect(cache.view(200).find(({ type }) => type === 'MX')).toMatchObject({ storedAt: 100, expiresAt: 5100 })
  })

  describe('serve-stale (RFC 8767)', () => {
    const hour = 3_600_000
    const failed: Finding = { kind: 'failed', why: 'SERVFAIL' }

    test('records serve beyond their time while their refresh fails, until the bound is over', () => {
      const cache = new Cache(hour)
      cache.put(a('x.test'), found(5000, '192.0.2.1'), 0)
      expect(cache.get(a('x.test'), 5000, true)).toBe(null)
      cache.put(a('x.test'), failed, 5000)
      expect(cache.stale(a('x.test'), 5000)).toEqual({
        finding: found(5000, '192.0.2.1'),
        remainingMs: 30_000,
        stale: true,
      })
      expect(cache.stale(a('x.test'), hour + 4999)).not.toBe(null)
      expect(cache.stale(a('x.test'), hour + 5000)).toBe(null)
      expect(cache.get(a('x.test'), hour + 5000, true)).toBe(null)
      expect(cache.size).toBe(0)
    })

    test('nobody is asked again for half a minute, and whoever wants no old answer hears the failure for a second', () => {
      const cache = new Cache(hour)
      cache.put(a('x.test'), found(5000, '192.0.2.1'), 0)
      cache.put(a('x.test'), failed, 6000)
      expect(cache.get(a('x.test'), 35_999, true)).toMatchObject({ stale: true })
      expect(cache.get(a('x.test'), 36_000, true)).toBe(null)
      expect(cache.get(a('x.test'), 6999)).toMatchObject({ finding: failed, stale: false })
      expect(cache.get(a('x.test'), 7000)).toBe(null)
    })

    test('a newer answer takes the place of the old one, and so does an absence', () => {
      const cache = new Cache(hour)
      cache.put(a('x.test'), found(5000, '192.0.2.1'), 0)
      cache.put(a('x.test'), failed, 6000)
      cache.put(a('x.test'), found(5000, '192.0.2.2'), 7000)
      expect(cache.get(a('x.test'), 7001, true)).toMatchObject({ stale: false, finding: { values: ['192.0.2.2'] } })
      cache.put(a('x.test'), none(null, 5000), 13_000)
      cache.put(a('x.test'), failed, 19_000)
      expect(cache.stale(a('x.test'), 19_000)).toBe(null)
    })

    test('absences are never served beyond their time: mail would bounce on what may not be so any more', () => {
      const cache = new Cache(hour)
      cache.put(a('gone.test'), none('gone.test', 5000), 0)
      cache.put(a('gone.test'), failed, 6000)
      expect(cache.stale(a('gone.test'), 6000)).toBe(null)
      expect(cache.get(a('gone.test'), 6000, true)).toMatchObject({ finding: failed })
    })

    test('records whose newer answer may not be kept are not kept either', () => {
      const cache = new Cache(hour)
      cache.put(a('x.test'), found(5000, '192.0.2.1'), 0)
      cache.put(a('x.test'), found(0, '192.0.2.2'), 6000)
      cache.put(a('x.test'), failed, 7000)
      expect(cache.stale(a('x.test'), 7000)).toBe(null)
    })

    test('what is stale is shown with the failure of its refresh, and a flush forgets it', () => {
      const cache = new Cache(hour)
      cache.put(mx('x.test'), { ...found(5000), values: [{ preference: 0, exchange: '' }] } as Finding, 0)
      cache.put(mx('x.test'), failed, 6000)
      expect(cache.view(6000)).toMatchObject([{ state: 'stale', data: ['0 .'], why: 'SERVFAIL', expiresAt: 5000 }])
      expect(cache.view(6000, 'test')).toHaveLength(1)
      expect(cache.view(6000, 'other.test')).toEqual([])
      expect(cache.flush('x.test')).toBe(1)
      expect(cache.stale(mx('x.test'), 6000)).toBe(null)
    })
  })
})
