/** User ids of media servers begin with this: that is how they are told apart from people among the participants of a stage. */
const PREFIX = 'mediaserver-'

export function mediaServerUserId (serverId: string): string {
  return `${PREFIX}${serverId}`
}

export function isMediaServer (userId: string | undefined): boolean {
  return userId?.startsWith(PREFIX) === true
}
