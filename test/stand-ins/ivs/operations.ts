import { KEY_ARN, optionalText, tags, text, type Fields } from './fields.ts'
import { pageOf } from './paging.ts'
import { participantOperations } from './participant-operations.ts'
import type { PublicKey, PublicKeys } from './public-keys.ts'
import type { Replications } from './replications.ts'
import { stageOperations } from './stage-operations.ts'
import { notFound, type Stages } from './stages.ts'
import type { Tokens } from './tokens.ts'

/** What the operations work on. */
export interface Service {
  stages: Stages
  tokens: Tokens
  keys: PublicKeys
  replications: Replications
  now: () => number
  /** The address that clients publish to with WHIP, by the id of a stage. */
  whipOf: (stageId: string) => string
}

/** @returns the body of the answer; undefined for one that has none @throws AwsError */
export type Operation = (fields: Fields) => object | undefined | void

/** All of them, by name. */
export function operationsOf (service: Service): Map<string, Operation> {
  return new Map(Object.entries({ ...stageOperations(service), ...participantOperations(service), ...keyOperations(service.keys), ...tagOperations(service.stages) }))
}

function keyOperations (keys: PublicKeys): Record<string, Operation> {
  return {
    ImportPublicKey: fields => ({ publicKey: whole(keys.import(text(fields, 'publicKeyMaterial', /^/), optionalText(fields, 'name', /^[a-zA-Z0-9-_]{0,128}$/) ?? '')) }),
    GetPublicKey: fields => ({ publicKey: whole(keys.get(text(fields, 'arn', KEY_ARN))) }),
    ListPublicKeys: fields => {
      const { items, nextToken } = pageOf(keys.all(), fields)
      return { publicKeys: items.map(({ arn, name }) => ({ arn, name, tags: {} })), nextToken }
    },
    DeletePublicKey: fields => { keys.delete(text(fields, 'arn', KEY_ARN)) }
  }
}

function tagOperations (stages: Stages): Record<string, Operation> {
  const stageOf = (fields: Fields) => stages.find(String(fields['resourceArn'])) ?? notFound('Resource', String(fields['resourceArn']))
  return {
    ListTagsForResource: fields => ({ tags: stageOf(fields).tags }),
    TagResource: fields => {
      Object.assign(stageOf(fields).tags, tags(fields))
      return {}
    },
    UntagResource: fields => {
      const stage = stageOf(fields)
      for (const key of fields['tagKeys'] as string[]) delete stage.tags[key]
      return {}
    }
  }
}

function whole ({ arn, name, material, fingerprint }: PublicKey): object {
  return { arn, name, publicKeyMaterial: material, fingerprint, tags: {} }
}
