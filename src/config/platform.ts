import { Type, type Static } from 'typebox'

const bytes = { unit: 'bytes' }
const milliseconds = { unit: 'ms' }

/** What features share: the database, the state of several servers, objects. With nothing set, all of it is embedded. */
export const platformSchema = Type.Object({
  dataDir: Type.String({ default: 'data', minLength: 1, env: 'DATA_DIR', description: 'Folder of the embedded database, of objects on disk and of secrets that were generated.' }),

  // Database
  databaseUrl: Type.String({ default: '', secret: true, env: 'DATABASE_URL', description: 'postgres://user:password@host/name of a PostgreSQL server, 14 or later. Empty: the embedded database (PGlite) in DATA_DIR.' }),
  databasePoolSize: Type.Integer({ default: 10, minimum: 2, env: 'DATABASE_POOL_SIZE', description: 'Connections to PostgreSQL at once.' }),
  databaseConnectMs: Type.Integer({ default: 5_000, minimum: 100, ...milliseconds, env: 'DATABASE_CONNECT_MS', description: 'A connection to PostgreSQL that takes longer has failed.' }),
  databaseQueryMs: Type.Integer({ default: 30_000, minimum: 100, ...milliseconds, env: 'DATABASE_QUERY_MS', description: 'PostgreSQL ends a statement that takes longer.' }),
  slowQueryMs: Type.Integer({ default: 200, minimum: 0, ...milliseconds, env: 'SLOW_QUERY_MS', description: 'A statement that takes longer is logged, without its values. 0: none is.' }),
  databaseCacheBytes: Type.Integer({ default: 33_554_432, minimum: 1_048_576, ...bytes, env: 'DATABASE_CACHE_BYTES', description: 'Memory in which the embedded database keeps what it has read and written.' }),
  databaseWalBytes: Type.Integer({ default: 67_108_864, minimum: 1_048_576, ...bytes, env: 'DATABASE_WAL_BYTES', description: 'When the write-ahead log of the embedded database has grown by so much, what it holds is written to where it belongs.' }),
  databaseUpkeepSeconds: Type.Integer({ default: 60, minimum: 1, unit: 's', env: 'DATABASE_UPKEEP_SECONDS', description: 'How often the embedded database is looked after: the write-ahead log, and the room of rows that are gone.' }),

  // State
  redisUrl: Type.String({ default: '', secret: true, env: 'REDIS_URL', description: 'redis://[user:password@]host:port[/number] of a Redis server, which several servers share. Empty: in memory, for one server.' }),
  redisPrefix: Type.String({ default: 'headwater:', env: 'REDIS_PREFIX', description: 'What all names in Redis begin with.' }),
  redisConnectMs: Type.Integer({ default: 5_000, minimum: 100, ...milliseconds, env: 'REDIS_CONNECT_MS', description: 'A connection to Redis that takes longer has failed.' }),
  redisCommandMs: Type.Integer({ default: 1_000, minimum: 50, ...milliseconds, env: 'REDIS_COMMAND_MS', description: 'A command that Redis does not answer within that has failed; the server goes on by itself.' }),
  redisRetryMs: Type.Integer({ default: 1_000, minimum: 50, ...milliseconds, env: 'REDIS_RETRY_MS', description: 'While Redis is away, a new connection is tried this often.' }),
  redisMaxCommands: Type.Integer({ default: 10_000, minimum: 1, env: 'REDIS_MAX_COMMANDS', description: 'So many commands may wait for their answer; what comes beyond is answered as if Redis were away.' }),
  redisMaxOwed: Type.Integer({ default: 100_000, minimum: 1, env: 'REDIS_MAX_OWED', description: 'So much of each kind is remembered to be told to Redis when it is back: numbers that were added to, members who left. Beyond it the oldest are forgotten.' }),
  maxLimitKeys: Type.Integer({ default: 100_000, minimum: 1, env: 'MAX_LIMIT_KEYS', description: 'Keys of rate limits of one length that a server remembers. Beyond it the oldest are forgotten.' }),
  presenceSweepMs: Type.Integer({ default: 1_000, minimum: 10, ...milliseconds, env: 'PRESENCE_SWEEP_MS', description: 'Who was not seen for too long is looked for this often.' }),
  presenceGraceMs: Type.Integer({ default: 5_000, minimum: 0, ...milliseconds, env: 'PRESENCE_GRACE_MS', description: 'After Redis was away nobody times out for so long: all servers say first who is there. More than REDIS_RETRY_MS.' }),
  presenceStaysHours: Type.Number({ default: 24, minimum: 0, unit: 'h', env: 'PRESENCE_STAYS_HOURS', description: 'How long somebody was in a place is remembered for so long after it left.' }),
  presenceKeepHours: Type.Number({ default: 168, minimum: 0, unit: 'h', env: 'PRESENCE_KEEP_HOURS', description: 'What was counted in a place is forgotten when nobody was there for so long.' }),

  // Objects
  s3Bucket: Type.String({ default: '', env: 'S3_BUCKET', description: 'Bucket for objects. Empty: the disk, in DATA_DIR.' }),
  s3Endpoint: Type.String({ default: '', env: 'S3_ENDPOINT', description: "Address of an S3-compatible server. Empty: Amazon's." }),
  s3Region: Type.String({ default: 'us-east-1', env: 'S3_REGION', description: 'Region of the bucket.' }),
  s3AccessKeyId: Type.String({ default: '', secret: true, env: 'S3_ACCESS_KEY_ID', description: "Empty: from where Amazon's SDK looks by itself." }),
  s3SecretAccessKey: Type.String({ default: '', secret: true, env: 'S3_SECRET_ACCESS_KEY', description: 'Goes with S3_ACCESS_KEY_ID.' }),
  s3PathStyle: Type.Enum(['off', 'on'], { default: 'off', env: 'S3_PATH_STYLE', description: 'on: the bucket is a part of the path, as most servers other than Amazon\'s need it.' }),
  s3ConnectMs: Type.Integer({ default: 5_000, minimum: 100, ...milliseconds, env: 'S3_CONNECT_MS', description: 'A connection to S3 that takes longer has failed. Whether the bucket is there is waited for that long, too, and uploads that end when the server closes.' }),
  s3IdleMs: Type.Integer({ default: 30_000, minimum: 100, ...milliseconds, env: 'S3_IDLE_MS', description: 'A request to S3 at which nothing moves for so long has failed; so has a body that is not read on for so long.' }),
  s3PartBytes: Type.Integer({ default: 8_388_608, minimum: 5_242_880, maximum: 5_000_000_000, ...bytes, env: 'S3_PART_BYTES', description: 'Streams that are longer go to S3 in parts of that size, up to four of which are held in memory. More where MAX_OBJECT_BYTES would need over 10,000 parts.' }),
  maxObjectBytes: Type.Integer({ default: 5_000_000_000, minimum: 1, ...bytes, env: 'MAX_OBJECT_BYTES', description: 'Largest object that is kept.' })
}, { additionalProperties: false })

export type PlatformConfig = Static<typeof platformSchema>
