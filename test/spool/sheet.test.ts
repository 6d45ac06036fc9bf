import { beforeEach, expect, test } from 'vitest'
import { borrowSheet, giveBackSheet } from '../../src/queue/sheet.ts'
import { type Piece, SpooledBody } from '../../src/queue/stored-body.ts'

const bytes = 20_000
const facts = { sizeBytes: bytes, dots: false, eightBit: false }

/** The sheet that is lent next is the one that was given back last. */
const isFree = (sheet: Buffer): boolean => {
  const next = borrowSheet(bytes)
  if (next === sheet) giveBackSheet(next)
  return next === sheet
}

/** It is not in the log. */
const nowhere = { chunks: [], recordBytes: 0, piece: null as unknown as Piece }

let sheet: Buffer
beforeEach(() => {
  sheet = borrowSheet(bytes)
})

const kept = (): SpooledBody => {
  const body = new SpooledBody(facts, nowhere, { usedBytes: 0, limitBytes: 1_000_000 })
  expect(body.keep(sheet)).toBe(true)
  return body
}

test('a sheet holds what was asked for, and one that was given back is lent again', () => {
  expect(borrowSheet(1).length).toBeGreaterThan(0)
  for (const size of [4001, 16_384, 16_385, 65_537, 131_072]) {
    const one = borrowSheet(size)
    expect(one.length).toBeGreaterThanOrEqual(size)
    giveBackSheet(one)
    expect(borrowSheet(size)).toBe(one)
  }
  expect(() => borrowSheet(131_073)).toThrow('131073')
})

test('the memory of a body is free when the body is dropped', () => {
  const body = kept()
  expect(isFree(sheet)).toBe(false)
  body.drop()
  expect(isFree(sheet)).toBe(true)
  expect(body.lend()).toBeNull()
})

test('while it is lent it is not, and each loan counts', () => {
  const body = kept()
  expect(body.lend()?.[0]?.length).toBe(bytes)
  body.lend()
  body.drop()
  body.returned()
  expect(isFree(sheet)).toBe(false)
  body.returned()
  expect(isFree(sheet)).toBe(true)
})

test('a loan that ends before the body is dropped frees nothing', () => {
  const body = kept()
  body.lend()
  body.returned()
  expect(isFree(sheet)).toBe(false)
  expect(body.chunks?.[0]?.length).toBe(bytes)
})

test('it is never used again when somebody took it for good', () => {
  const body = kept()
  expect(body.chunks?.[0]?.length).toBe(bytes)
  body.drop()
  expect(isFree(sheet)).toBe(false)
})

test('beyond the budget nothing is kept', () => {
  const body = new SpooledBody(facts, nowhere, { usedBytes: 0, limitBytes: bytes - 1 })
  expect(body.keep(sheet)).toBe(false)
  expect(body.chunks).toBeNull()
})
