/** What NanoMDM's scripts may use, such as `0001_inventory.v2` or `{A-1}`: 1 to 128 printable ASCII characters. */
export const isCommandUuid = (text: string): boolean => /^[\x20-\x7E]{1,128}$/.test(text)

export const commandUuidRule = '1 to 128 printable ASCII characters'
