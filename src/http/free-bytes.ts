/**
 * Gives memory back at once. A collector that learns of it later lets tens of megabytes of dropped bodies pile up.
 *
 * Only for bytes that nothing else looks at; a part of a larger buffer is left alone.
 */
export function freeBytes({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && !buffer.detached)
    buffer.transfer(0)
}
