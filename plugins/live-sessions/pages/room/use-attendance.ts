import { useEffect, useState } from 'react'
import { useSnapshot } from '../../../../src/ui/use-snapshot.ts'
import type { SessionApi } from '../api/live-api.ts'
import { Attendance, NOT_THERE, type AttendanceState } from './attendance.ts'
import { openRoom } from './open-room.ts'

/** Comes to a session, for as long as the page is there. */
export function useAttendance (api: SessionApi): AttendanceState & { enter: () => void, look: () => void } {
  const [attendance] = useState(() => new Attendance(api, openRoom))
  useEffect(() => {
    const enter = () => { void attendance.enter() }
    const leave = () => attendance.close()
    // A browser keeps pages that one has left, and shows them again as they were.
    const shown = ({ persisted }: PageTransitionEvent) => { if (persisted) enter() }
    addEventListener('pagehide', leave)
    addEventListener('pageshow', shown)
    enter()
    return () => {
      removeEventListener('pagehide', leave)
      removeEventListener('pageshow', shown)
      leave()
    }
  }, [attendance])
  return { ...useSnapshot(attendance, NOT_THERE), enter: () => { void attendance.enter() }, look: () => { void attendance.look() } }
}
