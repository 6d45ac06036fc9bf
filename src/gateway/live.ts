import { rename, rm } from 'node:fs/promises'
import type { GraphStore } from '../admin/graph-store.ts'
import type { SmtpSettings } from '../egress/dial.ts'
import { buildFlat } from '../graph/build-flat.ts'
import type { Control } from '../graph/control.ts'
import type { Evaluator } from '../graph/evaluator.ts'
import { type Flat, loadFlat } from '../graph/flat.ts'
import { flatEvaluator } from '../graph/runtime.ts'
import { type Addressing, addressingOf } from '../ingress/addressing.ts'
import type { Admission } from '../ingress/admission.ts'
import { graphAdmission } from '../ingress/graph-admission.ts'
import type { AskOracle } from '../ingress/inquiry.ts'
import { systemClock } from '../mail/clock.ts'
import { type Mailbox, parseMailbox } from '../mail/path.ts'
import type { Result } from '../mail/result.ts'
import { ok, wrong } from '../mail/result.ts'
import { readAuthorities } from './authorities.ts'
import { resolveSecrets } from './secrets.ts'

/** A graph made ready to serve: its tables built, its secrets resolved. One pointer to it is all that an apply swaps. */
export type Live = {
  readonly hash: string
  readonly control: Control
  /** How much the document holds, in words; `''` when the bundle does not say. */
  readonly holds: string
  readonly evaluator: Evaluator
  readonly admission: Admission
  readonly addressing: Addressing
  /** Writes notifications, and hears of what they cannot reach. */
  readonly postmaster: Mailbox
  /** What connections to next hops go by: `control`, and who vouches for their hosts. */
  readonly smtp: SmtpSettings
  /** By reference text. */
  readonly secrets: ReadonlyMap<string, string>
}

/** Makes a bundle file ready and keeps it in the store, or says in one sentence why it cannot serve. Removes the file then. */
export async function prepareBundle(file: string, store: GraphStore, ask: AskOracle): Promise<Result<Live>> {
  const stored = await storeBundle(file, null, store)
  return stored.ok ? await makeReady(stored.value, ask) : stored
}

/**
 * Checks an uploaded bundle, builds its run-time form and keeps both under its hash, which must be `hash` unless that is
 * `null`. The upload is gone afterwards, whatever came of it.
 */
export async function storeBundle(file: string, hash: string | null, store: GraphStore): Promise<Result<Flat>> {
  const flatFile = `${file}.flat`
  try {
    const built = await buildFlat({ path: file, saveTo: flatFile })
    if (!built.ok) return built
    if (hash !== null && built.value.hash !== hash) {
      return wrong(`expected the graph ${hash}, got ${built.value.hash}`)
    }
    await store.keep(file, built.value.hash)
    await rename(flatFile, store.flatFile(built.value.hash))
    return built
  } finally {
    await rm(file, { force: true })
    await rm(flatFile, { force: true })
  }
}

/**
 * Makes a graph ready that the store has. Its run-time form is there already, or is built anew. `uploaded`: what was built
 * last; when that is it, it is not read again.
 */
export async function prepareStored(
  hash: string,
  store: GraphStore,
  ask: AskOracle,
  uploaded: Flat | null = null,
): Promise<Result<Live>> {
  if (!(await store.has(hash))) return wrong(`the graph ${hash} is not here; it has to be uploaded first`)
  if (uploaded?.hash === hash) return await makeReady(uploaded, ask)
  const flat = await loadFlat(store.flatFile(hash), hash)
  if (flat !== null) return await makeReady(flat, ask)
  const built = await buildFlat({ path: store.bundleFile(hash), saveTo: store.flatFile(hash) })
  if (!built.ok) return built
  if (built.value.hash !== hash) return wrong(`the stored graph ${hash} is ${built.value.hash}`)
  return await makeReady(built.value, ask)
}

async function makeReady(flat: Flat, ask: AskOracle): Promise<Result<Live>> {
  const evaluator = flatEvaluator(flat)
  const { hash, control } = evaluator
  const secrets = await resolveSecrets(control)
  if (!secrets.ok) return secrets
  const vouching = await readAuthorities(control)
  if (!vouching.ok) return vouching
  const postmaster = parseMailbox(control.postmaster)
  if (!postmaster.ok) return wrong(`the postmaster: ${postmaster.error}`)
  const addressing = addressingOf(control, secrets.value, systemClock)
  return ok({
    hash,
    addressing,
    control,
    holds: flat.meta['holds'] ?? '',
    evaluator,
    admission: graphAdmission(evaluator, ask, addressing),
    postmaster: postmaster.value,
    smtp: vouching.value === undefined ? control : { ...control, ca: vouching.value },
    secrets: secrets.value,
  })
}
