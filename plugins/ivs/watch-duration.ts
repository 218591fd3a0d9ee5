const MINUTE = 60
const HOUR = 3_600

/** How long somebody watched, for people: `30分 45秒`, from one hour on `1小時 0分 5秒`. @param seconds whole */
export function watchDuration (seconds: number): string {
  const hours = Math.floor(seconds / HOUR)
  const minutes = Math.floor(seconds % HOUR / MINUTE)
  return `${hours > 0 ? `${hours}小時 ` : ''}${minutes}分 ${seconds % MINUTE}秒`
}
