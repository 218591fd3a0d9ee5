/** What the OpenAPI document says of the whole; the routes say the rest. */
export const API = {
  title: 'Headwater',
  description: `A browser's camera comes in over Socket.IO, HLS that any player takes goes out over HTTP.

Broadcasters and viewers talk to the server over Socket.IO at \`/socket.io\` (\`start-stream\`, \`stream-data\`, \`join-stream\` and what is answered), which OpenAPI cannot describe: docs/api/livestream.md does.

An HTTP request that cannot be read is answered 400, 408 or 431 with the same error body before any route sees it.`,
  tags: [
    { name: 'livestream', description: 'Streams: playlists, segments, pictures, state and control' },
    { name: 'accounts', description: 'Who people are: registration, login, profiles, administration' },
    { name: 'ivs', description: 'Stages: tokens to publish and to watch, viewers, statistics; with AWS IVS Real-Time or without' },
    { name: 'livekit-rooms', description: 'Open rooms: anybody makes them, and gets tokens for them' },
    { name: 'livekit', description: 'What a LiveKit server tells, where rooms are at one' },
    { name: 'live-sessions', description: 'Live sessions: roles, invitations, moderation, recordings' },
    { name: 'server', description: 'For who runs it' }
  ],
  credentials: {
    publisher: { type: 'http', scheme: 'bearer', description: 'A publish credential (PUBLISH_AUTH), or the resume token of the stream.' },
    account: { type: 'http', scheme: 'bearer', description: 'The access token of an account.' },
    apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'A key of the API of stages (API_SECRET_KEY).' },
    accountCookie: { type: 'apiKey', in: 'cookie', name: 'auth_token', description: 'The same, as a cookie. Pages of other origins may not use it: see ALLOWED_ORIGINS.' }
  },
  credentialsOf: {
    livestream: [{}, { publisher: [] }],
    accounts: [{ account: [] }, { accountCookie: [] }],
    'live-sessions': [{ account: [] }, { accountCookie: [] }],
    ivs: [{ apiKey: [] }]
  }
}
