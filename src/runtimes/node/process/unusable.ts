/** The configuration cannot be used; the message is for the person who wrote it. */
export class Unusable extends Error {
  override readonly name = 'Unusable';
}
