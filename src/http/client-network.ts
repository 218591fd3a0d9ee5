const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
const GROUPS = 8
/** A site has at least a /64 (RFC 6177, 2), and may take any address of it. */
const NETWORK_GROUPS = 4

/** Who counts as one client: an IPv4 address, also where it is written as IPv6, or the /64 network of an IPv6 address. */
export function clientNetwork (address: string): string {
  if (!address.includes(':')) return address
  const mapped = MAPPED.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [head = '', tail] = address.split('::')
  const groupsOf = (text: string) => text === '' ? [] : text.split(':')
  const before = groupsOf(head)
  // An IPv4 address at the end stands for two groups.
  const after = groupsOf(tail ?? '').flatMap(group => group.includes('.') ? [group, ''] : [group])
  const groups = tail === undefined ? before : [...before, ...Array<string>(Math.max(0, GROUPS - before.length - after.length)).fill('0'), ...after]
  return `${groups.slice(0, NETWORK_GROUPS).map(group => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
