/* Put into the watch page by the tests. */

/**
 * Resolves when the playhead has moved `mediaSeconds`, or after `limitSeconds`.
 *
 * @returns {Promise<{ mediaSeconds: number, seconds: number }>} how far it moved, and how long that took
 */
window.advance = (mediaSeconds, limitSeconds) => new Promise((resolve) => {
  const video = document.querySelector('video')
  const from = { media: video.currentTime, clock: performance.now() }
  const over = setTimeout(done, limitSeconds * 1000)
  video.addEventListener('timeupdate', check)
  function check () {
    if (video.currentTime - from.media >= mediaSeconds) done()
  }
  function done () {
    clearTimeout(over)
    video.removeEventListener('timeupdate', check)
    resolve({ mediaSeconds: video.currentTime - from.media, seconds: (performance.now() - from.clock) / 1000 })
  }
})
