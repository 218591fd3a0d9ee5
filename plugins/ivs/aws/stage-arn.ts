export interface StageArn {
  /** `arn:aws:ivs:<region>:<account>`: the same for all stages of an account in a region. */
  prefix: string
  region: string
  /** Of the stage alone. */
  id: string
}

/** @returns undefined for what is no ARN of a stage */
export function parseStageArn (arn: string): StageArn | undefined {
  const [, prefix, region, id] = /^(arn:aws[a-z-]*:ivs:([a-z0-9-]+):\d{12}):stage\/([A-Za-z0-9-]{1,64})$/.exec(arn) ?? []
  return prefix === undefined || region === undefined || id === undefined ? undefined : { prefix, region, id }
}
