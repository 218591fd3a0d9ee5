import t from 'tap'
import { canFollow, type EncoderState } from '../../../src/media/epoch/encoder-state.ts'

const STATES: EncoderState[] = ['idle', 'starting', 'running', 'draining', 'backing-off', 'failed', 'stopped']

t.test('the life of an encoder', async t => {
  for (const path of ['idle starting running draining idle', 'idle starting running backing-off starting draining backing-off failed stopped', 'starting starting running starting']) {
    const states = path.split(' ') as EncoderState[]
    for (const [index, state] of states.slice(1).entries()) t.ok(canFollow(states[index]!, state), `${states[index]} -> ${state}`)
  }
})

t.test('what cannot be', async t => {
  for (const state of STATES) {
    t.equal(canFollow('stopped', state), false, `stopped -> ${state}`)
    if (state !== 'backing-off') t.equal(canFollow(state, 'failed'), false, `${state} -> failed: only after its tries are used up`)
    if (state !== 'stopped') t.ok(canFollow(state, 'stopped'), `${state} -> stopped`)
  }
  t.equal(canFollow('idle', 'running'), false)
  t.equal(canFollow('failed', 'starting'), false)
})
