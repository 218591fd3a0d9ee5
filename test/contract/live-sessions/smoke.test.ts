import t from 'tap'
import { startLiveSessions } from '../../fixtures/live-sessions-host.ts'
for (const rooms of ['local', 'livekit'] as const) {
  await t.test(rooms, async t => {
    const host = await startLiveSessions(t, { rooms })
    const mentor = await host.person('mentor')
    const user = await host.person()
    const made = await host.ask('POST', '/sessions', mentor, { title: 'A' })
    console.log(made.status, made.text)
    const id = made.json.session_id
    for (const [m, p, w, b] of [['POST', `/sessions/${id}/start`, mentor], ['POST', `/sessions/${id}/join`, user, { invite_token: made.json.invite_token }], ['GET', `/sessions/${id}`, mentor], ['GET', '/sessions', user], ['GET', `/sessions/${id}/stats`, mentor], ['POST', `/sessions/${id}/participants/${user.id}/kick`, mentor], ['POST', `/sessions/${id}/end`, mentor]] as any) {
      const a = await host.ask(m, p, w, b)
      console.log(m, p, a.status, a.text)
    }
    console.log(host.lines.filter(l => /"level":[456]0/.test(l)))
  })
}
