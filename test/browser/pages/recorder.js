/* A broadcaster as the API's documentation shows it: no acknowledgements, no numbers, no tokens. */

let socket
let media
let recorder

/** @param {{ url: string, streamKey: string, video: boolean, audio: boolean }} options */
window.goLive = async ({ url, streamKey, video, audio }) => {
  media = await navigator.mediaDevices.getUserMedia({ video: video && { width: 640, height: 360 }, audio })
  socket = io(url, { query: { streamKey } })
  const problems = []
  socket.on('stream-error', (problem) => problems.push(problem))
  const started = new Promise((resolve) => socket.once('stream-started', resolve))
  socket.emit('start-stream', { userId: 'camera', streamKey })
  await started
  window.problems = problems
}

/**
 * @param {{ streamKey: string, as: 'blob' | 'buffer', options: MediaRecorderOptions }} options
 * @returns {string} what is really recorded
 */
window.record = async ({ streamKey, as, options }) => {
  recorder = new MediaRecorder(media, options)
  recorder.ondataavailable = async ({ data }) => {
    if (data.size > 0) socket.emit('stream-data', { streamKey, chunk: as === 'blob' ? data : await data.arrayBuffer() })
  }
  const running = new Promise((resolve) => { recorder.onstart = resolve })
  recorder.start(250)
  await running
  return recorder.mimeType
}

window.stopRecording = async () => {
  const stopped = new Promise((resolve) => { recorder.onstop = resolve })
  recorder.stop()
  await stopped
}
