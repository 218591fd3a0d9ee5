/** What a room is about; it stands in the metadata of the room, where everybody in it sees it. */
export interface RoomDetails {
  topic: string
  description: string
  /** The user name of whoever made it. */
  createdBy: string
}

export function writeDetails ({ topic, description, createdBy }: RoomDetails): string {
  return JSON.stringify({ topic, description, createdBy })
}

/** Rooms that others made have whatever metadata they like: what is no text there is empty. */
export function readDetails (metadata: string): RoomDetails {
  const { topic, description, createdBy } = readObject(metadata)
  return { topic: textOr(topic), description: textOr(description), createdBy: textOr(createdBy) }
}

function textOr (value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function readObject (text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>
  } catch {
    return {}
  }
}
