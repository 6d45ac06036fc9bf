/** The gateway cannot start; the message is for the operator. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
}
