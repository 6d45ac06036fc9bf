import { z } from 'zod'

/** What is described of a line, in the messages of plans, proofs and test reports; left out where nothing is. */
export const lineShape = {
  tls: z.literal(true).exactOptional().describe('The line is encrypted.'),
  login: z.string().exactOptional().describe('Who logged in, in lower case.'),
  certificate: z.string().exactOptional().describe('The verified certificate of the client: sha256: and its digest.'),
  helo: z.string().exactOptional().describe('The argument of HELO or EHLO.'),
}

/** The marks that an accepted message gets. */
export const tags = z.array(z.string()).exactOptional()
