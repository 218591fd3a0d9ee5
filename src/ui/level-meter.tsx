import { useEffect, useRef, type ReactElement } from 'react'
import './level-meter.css'

/** Louder than this share and it may clip. */
const LOUD = 0.9

/**
 * How loud a sound is. `level` is asked with every frame: 0 (silence) to 1 (full), undefined when there is none.
 * It writes to the element itself: nothing is rendered anew sixty times a second.
 */
export function LevelMeter ({ label, level }: { label: string, level: () => number | undefined }): ReactElement {
  const meter = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // Held, as a last frame may come when it is not on the page any more.
    const element = meter.current!
    let frame = 0
    const draw = () => {
      const value = Math.min(Math.max(level() ?? 0, 0), 1)
      element.style.setProperty('--level', value.toFixed(3))
      element.classList.toggle('level-meter-loud', value > LOUD)
      element.setAttribute('aria-valuenow', String(Math.round(value * 100)))
      frame = requestAnimationFrame(draw)
    }
    draw()
    return () => cancelAnimationFrame(frame)
  }, [level])
  return <div ref={meter} className='level-meter' role='meter' aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={0} />
}
