/** A picture that moves, with a clock, and a soft tick each second: to try everything without a camera. */
export interface TestPicture {
  stream: MediaStream
  close: () => void
}

const WIDTH = 1280
const HEIGHT = 720
const FRAME_RATE = 30
const TICK_SECONDS = 0.05
const TICK_HERTZ = 880
const TICK_LOUDNESS = 0.15

export function openTestPicture (): TestPicture {
  const canvas = document.createElement('canvas')
  canvas.width = WIDTH
  canvas.height = HEIGHT
  const pen = canvas.getContext('2d')!
  const colours = readColours()
  // A timer, because animation frames stop when the tab is hidden; then browsers let it tick once a second.
  const timer = setInterval(() => draw(pen, colours, performance.now() / 1000), 1000 / FRAME_RATE)
  draw(pen, colours, performance.now() / 1000)
  const sound = openTicks()
  const stream = new MediaStream([...canvas.captureStream(FRAME_RATE).getVideoTracks(), ...sound.stream.getAudioTracks()])
  return {
    stream,
    close () {
      clearInterval(timer)
      sound.close()
      for (const track of stream.getTracks()) track.stop()
    }
  }
}

interface Colours { ground: string, text: string, quiet: string, accent: string }

function readColours (): Colours {
  const style = getComputedStyle(document.documentElement)
  const token = (name: string) => style.getPropertyValue(name).trim()
  return { ground: token('--stage'), text: token('--on-stage'), quiet: token('--on-stage-quiet'), accent: token('--stage-accent') }
}

function draw (pen: CanvasRenderingContext2D, { ground, text, quiet, accent }: Colours, seconds: number): void {
  pen.fillStyle = ground
  pen.fillRect(0, 0, WIDTH, HEIGHT)
  // Waves that wander through the lower half.
  for (const [depth, speed] of [[0.25, 0.5], [0.5, 0.8], [1, 1.3]] as const) {
    pen.globalAlpha = 0.2 + depth * 0.35
    pen.fillStyle = accent
    pen.beginPath()
    pen.moveTo(0, HEIGHT)
    for (let x = 0; x <= WIDTH; x += 16) {
      pen.lineTo(x, HEIGHT * (0.6 + depth * 0.2) + Math.sin(x / 150 + seconds * speed) * 30 * (1.4 - depth))
    }
    pen.lineTo(WIDTH, HEIGHT)
    pen.fill()
  }
  pen.globalAlpha = 1
  pen.textAlign = 'center'
  pen.fillStyle = text
  pen.font = '600 132px ui-monospace, monospace'
  pen.fillText(new Date().toTimeString().slice(0, 8), WIDTH / 2, HEIGHT * 0.36)
  pen.fillStyle = quiet
  pen.font = '400 34px system-ui, sans-serif'
  pen.fillText('Test picture', WIDTH / 2, HEIGHT * 0.47)
  // Runs across once a second.
  pen.fillStyle = text
  pen.fillRect((seconds % 1) * WIDTH - 8, HEIGHT - 16, 16, 16)
}

function openTicks (): { stream: MediaStream, close: () => void } {
  const context = new AudioContext()
  // Without a click on the page before, it waits for one.
  void context.resume()
  const tone = new OscillatorNode(context, { frequency: TICK_HERTZ })
  const loudness = new GainNode(context, { gain: 0 })
  const output = context.createMediaStreamDestination()
  tone.connect(loudness).connect(output)
  tone.start()
  const timer = setInterval(() => {
    const now = context.currentTime
    loudness.gain.setValueAtTime(TICK_LOUDNESS, now)
    loudness.gain.setTargetAtTime(0, now + TICK_SECONDS, TICK_SECONDS / 4)
  }, 1000)
  return {
    stream: output.stream,
    close () {
      clearInterval(timer)
      void context.close()
    }
  }
}
