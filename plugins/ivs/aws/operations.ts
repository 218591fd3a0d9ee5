import type {
  CreateParticipantTokenCommandInput, CreateParticipantTokenCommandOutput,
  CreateStageCommandInput, CreateStageCommandOutput,
  DeleteStageCommandInput, DeleteStageCommandOutput,
  GetPublicKeyCommandInput, GetPublicKeyCommandOutput,
  GetStageCommandInput, GetStageCommandOutput,
  ListParticipantEventsCommandInput, ListParticipantEventsCommandOutput,
  ListParticipantReplicasCommandInput, ListParticipantReplicasCommandOutput,
  ListParticipantsCommandInput, ListParticipantsCommandOutput,
  ListStagesCommandInput, ListStagesCommandOutput,
  StartParticipantReplicationCommandInput, StartParticipantReplicationCommandOutput,
  StopParticipantReplicationCommandInput, StopParticipantReplicationCommandOutput
} from '@aws-sdk/client-ivs-realtime'

/** What AWS is asked for, and no more: these are the rights that the key needs. */
export interface Operations {
  CreateParticipantToken: [CreateParticipantTokenCommandInput, CreateParticipantTokenCommandOutput]
  CreateStage: [CreateStageCommandInput, CreateStageCommandOutput]
  DeleteStage: [DeleteStageCommandInput, DeleteStageCommandOutput]
  GetPublicKey: [GetPublicKeyCommandInput, GetPublicKeyCommandOutput]
  GetStage: [GetStageCommandInput, GetStageCommandOutput]
  ListParticipantEvents: [ListParticipantEventsCommandInput, ListParticipantEventsCommandOutput]
  ListParticipantReplicas: [ListParticipantReplicasCommandInput, ListParticipantReplicasCommandOutput]
  ListParticipants: [ListParticipantsCommandInput, ListParticipantsCommandOutput]
  ListStages: [ListStagesCommandInput, ListStagesCommandOutput]
  StartParticipantReplication: [StartParticipantReplicationCommandInput, StartParticipantReplicationCommandOutput]
  StopParticipantReplication: [StopParticipantReplicationCommandInput, StopParticipantReplicationCommandOutput]
}

export type Operation = keyof Operations
export type Input<O extends Operation> = Operations[O][0]
export type Output<O extends Operation> = Operations[O][1]
