import { Type, type Static } from 'typebox'

const seconds = { unit: 's' }
const milliseconds = { unit: 'ms' }

/** Stages: the IVS Real-Time API, with AWS or without. */
export const ivsSchema = Type.Object({
  enabled: Type.Enum(['on', 'off'], { default: 'on', env: 'IVS', description: 'off: no stages, and no database is opened for them.' }),

  // Who may ask
  apiKeys: Type.Array(Type.String({ minLength: 1 }), { default: [], secret: true, env: 'API_SECRET_KEY', description: 'Keys of the API, with commas; any of them is good, so that one can follow another. Empty: outside production one is generated once and kept in DATA_DIR; in production the server does not start.' }),
  skipAuth: Type.Enum(['false', 'true'], { default: 'false', env: 'SKIP_AUTH', description: 'true: no API key is asked for. In production this is ignored.' }),
  internalSecret: Type.String({ default: '', secret: true, env: 'INTERNAL_SECRET', description: 'What media servers say to get tokens of their own. Empty: none gets any.' }),
  webhookSecret: Type.String({ default: '', secret: true, env: 'IVS_WEBHOOK_SECRET', description: 'What an EventBridge destination sends along with events of stages. Empty: events are refused.' }),

  // The provider
  masterStageArn: Type.String({ default: '', env: 'MASTER_STAGE_ARN', description: 'ARN of the stage that is published on, at AWS. Empty: stages are local, without AWS.' }),
  region: Type.String({ default: 'ap-northeast-1', minLength: 1, env: 'AWS_REGION', description: 'AWS region of the stages.' }),
  endpoint: Type.String({ default: '', env: 'IVS_ENDPOINT', description: "Address of the IVS Real-Time API. Empty: Amazon's." }),
  accessKeyId: Type.String({ default: '', secret: true, env: 'IVS_ACCESS_KEY_ID', description: "Empty: from where Amazon's SDK looks by itself." }),
  secretAccessKey: Type.String({ default: '', secret: true, env: 'IVS_SECRET_ACCESS_KEY', description: 'Goes with IVS_ACCESS_KEY_ID.' }),
  installation: Type.String({ default: 'headwater', pattern: '^[A-Za-z0-9_-]{1,64}$', env: 'IVS_INSTALLATION', description: 'Tag of the stages that are ours, where several installations share an AWS account.' }),
  signingKey: Type.String({ default: '', secret: true, env: 'IVS_SIGNING_KEY', description: 'Private key (P-384, PEM; \\n for the ends of lines) that tokens are signed with here. Empty: AWS is asked for each.' }),
  signingKeyArn: Type.String({ default: '', env: 'IVS_SIGNING_KEY_ARN', description: 'ARN under which its public key was imported.' }),
  whipEndpoint: Type.String({ default: 'https://global.whip.live-video.net', env: 'WHIP_ENDPOINT', description: 'Address that broadcasters publish to with WHIP.' }),
  requestMs: Type.Integer({ default: 5_000, minimum: 100, ...milliseconds, env: 'IVS_REQUEST_MS', description: 'A request to AWS that takes longer has failed.' }),
  attempts: Type.Integer({ default: 3, minimum: 1, env: 'IVS_ATTEMPTS', description: 'How often a request to AWS is tried that was throttled or failed on the way.' }),
  retryMs: Type.Integer({ default: 200, minimum: 1, ...milliseconds, env: 'IVS_RETRY_MS', description: 'Wait before the second try, doubled for each further one, with jitter.' }),
  requestsPerSecond: Type.Number({ default: 5, exclusiveMinimum: 0, env: 'IVS_REQUESTS_PER_SECOND', description: 'Requests of one kind to AWS in a second, but for tokens.' }),
  tokensPerSecond: Type.Number({ default: 50, exclusiveMinimum: 0, env: 'IVS_TOKENS_PER_SECOND', description: 'Tokens that AWS is asked for in a second.' }),
  requestQueueMs: Type.Integer({ default: 5_000, minimum: 0, ...milliseconds, env: 'IVS_REQUEST_QUEUE_MS', description: 'A request that would wait longer for its turn is refused.' }),

  // Tokens
  publisherTokenSeconds: Type.Integer({ default: 14_400, minimum: 60, maximum: 1_209_600, ...seconds, env: 'IVS_PUBLISHER_TOKEN_SECONDS', description: 'A publisher can connect with its token for so long.' }),
  viewerTokenSeconds: Type.Integer({ default: 3_600, minimum: 60, maximum: 1_209_600, ...seconds, env: 'IVS_VIEWER_TOKEN_SECONDS', description: 'The same for viewers.' }),
  mediaServerTokenSeconds: Type.Integer({ default: 14_400, minimum: 60, maximum: 1_209_600, ...seconds, env: 'IVS_MEDIA_SERVER_TOKEN_SECONDS', description: 'The same for media servers.' }),
  strictLive: Type.Enum(['false', 'true'], { default: 'false', env: 'IVS_STRICT_LIVE', description: 'true: viewers get a token only while somebody publishes.' }),

  // Seats
  maxParticipants: Type.Integer({ default: 50, minimum: 2, env: 'IVS_MAX_PARTICIPANTS', description: 'Participants of a stage; on the master stage one of them is whoever publishes.' }),
  heartbeatTimeoutSeconds: Type.Number({ default: 60, exclusiveMinimum: 0, ...seconds, env: 'IVS_HEARTBEAT_TIMEOUT_SECONDS', description: 'A viewer who was not heard of for so long is gone, and so is one who got a token and never came.' }),
  stageWaitMs: Type.Integer({ default: 5_000, minimum: 0, ...milliseconds, env: 'IVS_STAGE_WAIT_MS', description: 'A viewer waits so long for a stage that is being created.' }),
  maxWaitingViewers: Type.Integer({ default: 1_000, minimum: 0, env: 'IVS_MAX_WAITING_VIEWERS', description: 'So many viewers wait at a server; the next is told that all is full.' }),

  // Autoscaling
  maxStages: Type.Integer({ default: 20, minimum: 1, env: 'IVS_MAX_STAGES', description: 'Stages of this installation, the master among them.' }),
  scaleOutViewers: Type.Integer({ default: 45, minimum: 1, env: 'IVS_SCALE_OUT_VIEWERS', description: 'When every stage has so many viewers, another one is made.' }),
  scaleInViewers: Type.Integer({ default: 5, minimum: 0, env: 'IVS_SCALE_IN_VIEWERS', description: 'A stage with so few viewers gets no more, where the others have room, and is deleted when it is empty.' }),
  warmUpSeconds: Type.Number({ default: 300, minimum: 0, ...seconds, env: 'IVS_WARM_UP_SECONDS', description: 'A new stage is left alone for so long.' }),
  scaleInTurns: Type.Integer({ default: 3, minimum: 1, env: 'IVS_SCALE_IN_TURNS', description: 'A stage has to have few viewers for so many turns of the autoscaler in a row.' }),
  scalingSeconds: Type.Number({ default: 30, exclusiveMinimum: 0, ...seconds, env: 'IVS_SCALING_SECONDS', description: 'How often the autoscaler looks, if nobody waits for a seat.' }),
  startingSeconds: Type.Number({ default: 60, exclusiveMinimum: 0, ...seconds, env: 'IVS_STARTING_SECONDS', description: 'A new stage that media has not got to within so long is deleted.' }),
  mediaPollMs: Type.Integer({ default: 1_000, minimum: 10, ...milliseconds, env: 'IVS_MEDIA_POLL_MS', description: 'How often the autoscaler looks while a stage waits for its media; what failed is tried again after so long, doubled each time up to IVS_SCALING_SECONDS.' }),
  scalingLeaseSeconds: Type.Number({ default: 30, exclusiveMinimum: 0, ...seconds, env: 'IVS_SCALING_LEASE_SECONDS', description: 'Of several servers one scales; when it is gone another one takes over after so long.' }),
  relay: Type.Enum(['off', 'external'], { default: 'off', env: 'IVS_RELAY', description: 'external: a media server of yours publishes to the stages that a publisher cannot be copied to, so there may be more of them.' }),
  reconnectWindowSeconds: Type.Integer({ default: 60, minimum: 0, maximum: 60, ...seconds, env: 'IVS_RECONNECT_WINDOW_SECONDS', description: 'A copy goes on when whoever publishes is back within so long.' }),

  // What is going on
  livenessSeconds: Type.Number({ default: 30, exclusiveMinimum: 0, ...seconds, env: 'IVS_LIVENESS_SECONDS', description: 'How often the provider is asked who publishes.' }),
  statisticsSeconds: Type.Number({ default: 5, exclusiveMinimum: 0, ...seconds, env: 'IVS_STATISTICS_SECONDS', description: 'How often statistics are sent to those who follow them.' }),
  maxSockets: Type.Integer({ default: 10_000, minimum: 1, env: 'IVS_MAX_SOCKETS', description: 'Sockets that follow statistics at a server; the next is refused.' }),
  maxSocketsPerNetwork: Type.Integer({ default: 1_000, minimum: 1, env: 'IVS_MAX_SOCKETS_PER_NETWORK', description: 'The same from one network of clients.' }),
  maxSocketBytes: Type.Integer({ default: 4_096, minimum: 128, unit: 'bytes', env: 'IVS_MAX_SOCKET_BYTES', description: 'Largest message that is taken from a socket.' }),
  maxSocketMessagesPerSecond: Type.Integer({ default: 20, minimum: 1, env: 'IVS_MAX_SOCKET_MESSAGES_PER_SECOND', description: 'A socket that sends more is closed.' }),
  maxUnsentSocketBytes: Type.Integer({ default: 65_536, minimum: 1, unit: 'bytes', env: 'IVS_MAX_UNSENT_SOCKET_BYTES', description: 'While more than this waits for a slow reader, it is left out when statistics are sent.' }),
  maxSkippedPushes: Type.Integer({ default: 3, minimum: 1, env: 'IVS_MAX_SKIPPED_PUSHES', description: 'A reader that was left out so often in a row is closed.' }),
  socketPingSeconds: Type.Number({ default: 30, exclusiveMinimum: 0, maximum: 3_600, ...seconds, env: 'IVS_SOCKET_PING_SECONDS', description: 'How often a socket is asked whether it is still there; one that has not answered by the next time is ended.' }),
  minPushMs: Type.Integer({ default: 300, minimum: 1, ...milliseconds, env: 'IVS_MIN_PUSH_MS', description: 'What happens to stages is told to operators at once, but so long after the last time.' }),

  // Limits
  rateLimit: Type.Integer({ default: 100, minimum: 1, env: 'IVS_RATE_LIMIT', description: 'Requests of a client in a window; heartbeats are counted by viewer.' }),
  rateLimitWindowSeconds: Type.Integer({ default: 60, minimum: 1, ...seconds, env: 'IVS_RATE_LIMIT_WINDOW_SECONDS', description: 'Length of that window.' }),
  maxBodyBytes: Type.Integer({ default: 65_536, minimum: 1_024, unit: 'bytes', env: 'IVS_MAX_BODY_BYTES', description: 'Largest body of a request, but for many heartbeats.' }),
  maxHeartbeats: Type.Integer({ default: 1_000, minimum: 1, env: 'IVS_MAX_HEARTBEATS', description: 'Heartbeats that one request may bring.' }),
  maxHeartbeatsBytes: Type.Integer({ default: 262_144, minimum: 1_024, unit: 'bytes', env: 'IVS_MAX_HEARTBEATS_BYTES', description: 'Largest body of such a request.' })
}, { additionalProperties: false })

export type IvsConfig = Static<typeof ivsSchema>
