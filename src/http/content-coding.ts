/** Whether an `Accept-Encoding` names this coding, and not with a weight of 0 (RFC 9110, 12.5.3). */
export function acceptsCoding (header: string | undefined, coding: 'br' | 'gzip'): boolean {
  return (header ?? '').split(',').some(one => {
    const [name, weight] = one.split(';').map(part => part.trim().toLowerCase())
    return name === coding && !/^q=0(\.0*)?$/.test(weight ?? '')
  })
}
