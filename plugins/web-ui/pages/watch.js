import { Audience } from './audience.js'
import { Player } from './player.js'
import { situationOf, viewersText } from './situation.js'

/** Without a word from the server after this, the picture is tried all the same. */
const TRY_ANYWAY_MS = 4_000

const element = (id) => document.getElementById(id)
const video = element('video')
const unmute = element('unmute')
const replay = element('replay')

const streamKey = decodeURIComponent(location.pathname.split('/').at(-1))
const streamUrl = (name) => new URL(`../livestream/${encodeURIComponent(streamKey)}/${name}`, location.href).href

element('name').textContent = streamKey
document.title = `${streamKey} · Headwater`

// Set here too: browsers do not take the attribute for a video whose source comes later.
video.muted = true

let playedBroadcast = -1
let replaying = false
let drawing = false

const player = new Player(video, changed)
const audience = new Audience({ streamKey, socketUrl: new URL('../socket.io', location.href), statusUrl: streamUrl('status'), onChange: changed })
setTimeout(() => { if (audience.stream === 'unknown' && player.playback === 'idle') playLive() }, TRY_ANYWAY_MS)

/** Player and audience call this with every change; what follows from it is done once, after all of them. */
function changed () {
  if (drawing) return
  drawing = true
  queueMicrotask(() => {
    drawing = false
    steer()
    draw()
  })
}

/** The player follows the stream. */
function steer () {
  const { stream, broadcasts } = audience
  if (stream === 'live' || stream === 'reconnecting') {
    if (playedBroadcast !== broadcasts || player.playback === 'idle') playLive()
  } else if (stream !== 'unknown' && player.playback === 'loading' && !replaying) {
    player.stop()
  }
}

function playLive () {
  playedBroadcast = audience.broadcasts
  replaying = false
  player.load(streamUrl('live.m3u8'))
}

function draw () {
  const { badge, words, veil } = situationOf(audience.stream, player.playback)
  element('badge').hidden = !badge
  setText('words', words)
  element('veil').hidden = veil === undefined
  // With nothing to control, the controls would only shine through.
  video.controls = veil === undefined || veil.thin
  if (veil !== undefined) {
    element('veil').className = `veil${veil.busy ? ' busy' : ''}${veil.thin ? ' thin' : ''}`
    setText('veil-title', veil.title)
    setText('veil-text', veil.text)
    replay.hidden = !veil.replay
  }
  element('sound-only').hidden = player.tracks?.video !== false || veil !== undefined
  unmute.hidden = !video.muted || player.tracks?.audio === false || !['playing', 'paused', 'stalled'].includes(player.playback)
  element('viewers').hidden = audience.viewers === undefined
  if (audience.viewers !== undefined) setText('viewers', viewersText(audience.viewers))
}

/** Screen readers speak what changes, so only changes are written. */
function setText (id, text) {
  if (element(id).textContent !== text) element(id).textContent = text
}

video.addEventListener('volumechange', draw)
unmute.addEventListener('click', () => {
  video.muted = false
  // The button goes; the focus should not.
  video.focus()
})
replay.addEventListener('click', () => {
  replaying = true
  player.load(streamUrl('stream.m3u8'))
  video.focus()
})

/**
 * For tests and for support: what the page knows, to read only.
 *
 * - `stream`: what the server says of the stream (see situation.js)
 * - `playback`: what the player does (see situation.js)
 * - `connected`, `viewers`: the Socket.IO side
 * - `errors`: the last errors of hls.js, `{ type, details, fatal, at }`
 * - `latencySeconds`: distance to the live edge as hls.js estimates it; undefined when it does not play
 */
window.headwaterPlayer = Object.freeze({
  get stream () { return audience.stream },
  get playback () { return player.playback },
  get connected () { return audience.connected },
  get viewers () { return audience.viewers },
  get errors () { return player.errors },
  get latencySeconds () { return player.hls?.latency }
})

draw()
