import { planTransfer, transferred } from '../message/mime/transfer.ts'
import type { Transport } from '../message/mime/transfer-plan.ts'
import type { StoredBody } from '../queue/entry.ts'
import { changesContent, formed } from '../queue/form.ts'
import { FormedBody } from '../queue/formed-body.ts'
import { unanswered } from './attempt.ts'
import type { Capabilities } from './capabilities.ts'
import type { Job } from './job.ts'
import { headerNeedsUtf8 } from './requirements.ts'

/** What is known of the content of a job once somebody has read it: forms of it, by what the other side takes. */
export type Looked = {
  /** The header needs SMTPUTF8. */
  utf8Header: boolean | null
  formed: StoredBody | null
  readonly converted: Map<Transport, Converted>
}

export type Converted =
  | { readonly kind: 'body'; readonly body: StoredBody }
  | { readonly kind: 'refused'; readonly why: string }

/** What somebody has to read the content for. */
export type Wanted = 'utf8' | 'form' | Transport

/**
 * The content in which the job goes to this host. A text names what has to be looked up first.
 *
 *   as it came   when the host takes that, and nothing is to be rewritten
 *   converted    8-bit content for a host without 8BITMIME (RFC 6152 §3), binary content for one without BINARYMIME
 *                (RFC 3030 §2)
 *   refused      where a conversion would break it, or the document wants none
 */
export function contentFor(job: Job, host: Capabilities): Converted | Wanted {
  const { entry, form } = job.delivery
  const { looked } = job
  let { body } = entry
  if (form != null && changesContent(form)) {
    if (looked === null || looked.formed === null) return 'form'
    body = looked.formed
  }
  const transport = transportFor(entry.envelope.body === 'binarymime', body, host)
  if (transport === null) return { kind: 'body', body }
  if (form?.conversion === 'refuse') return { kind: 'refused', why: 'the document says that it is not converted' }
  return looked?.converted.get(transport) ?? transport
}

/** `null`: it needs no conversion. */
function transportFor(isBinary: boolean, body: StoredBody, host: Capabilities): Transport | null {
  if (isBinary && !(host.binaryMime && host.chunking && !body.dots)) return host.eightBitMime ? '8bit' : '7bit'
  return body.eightBit && !host.eightBitMime ? '7bit' : null
}

/** Reads what the job was waiting for. Never throws: what cannot be read is an attempt, and the message waits. */
export async function lookInto(job: Job): Promise<void> {
  const { entry, form } = job.delivery
  const looked: Looked = (job.looked ??= { utf8Header: null, formed: null, converted: new Map() })
  try {
    switch (job.wanted) {
      case 'utf8':
        looked.utf8Header = await headerNeedsUtf8(looked.formed ?? entry.body)
        return
      case 'form': {
        const made = await FormedBody.of(() => formed(entry, form!))
        const isSame = form!.report === null && (await isEqual(made, entry.body))
        looked.formed = isSame ? entry.body : made
        return
      }
      case '7bit':
      case '8bit':
        looked.converted.set(job.wanted, await converted(looked.formed ?? entry.body, job.wanted))
        return
      case null:
        return
    }
  } catch (error) {
    job.unreadable = unanswered(null, 'local', '4.3.0', `the content cannot be read: ${(error as Error).message}`)
  }
}

async function converted(body: StoredBody, transport: Transport): Promise<Converted> {
  const source = () => body.chunks ?? body.read()
  const plan = await planTransfer(source(), transport)
  switch (plan.kind) {
    case 'as-is':
      return { kind: 'body', body }
    case 'refuse':
      return { kind: 'refused', why: plan.why }
    case 'convert':
      return { kind: 'body', body: await FormedBody.of(() => transferred(source(), plan)) }
  }
}

/** Nothing was rewritten in it: the stored one has the quicker ways. Small ones only, as the others stream all the same. */
async function isEqual(made: StoredBody, stored: StoredBody): Promise<boolean> {
  if (made.sizeBytes !== stored.sizeBytes || made.chunks === null || stored.chunks === null) return false
  return Buffer.concat(made.chunks).equals(Buffer.concat(stored.chunks))
}
