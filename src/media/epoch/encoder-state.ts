/**
 * The supervised encoder of one stream: its owner (the pipeline) lives as long as the stream, its instances
 * (runs of FFmpeg) come and go.
 *
 *              media                 first output             end of input
 *     idle ───────────▶ starting ───────────────▶ running ───────────────▶ draining
 *      ▲                 ▲    │                       │                       │
 *      │       pause over│    └───────────┬───────────┴───────────────────────┤
 *      │                 │          fault │      other encoding needed:       │
 *      │                 │                ▼      back to starting             │
 *      │                 └───────── backing-off                               │
 *      │                                  │ budget used up                    │
 *      │                                  ▼                                   │
 *      │                                failed           all published        │
 *      └──────────────────────────────────────────────────────────────────────┘
 *
 * From everywhere: stopped, when the stream ends or the server closes.
 */
export type EncoderState = 'idle' | 'starting' | 'running' | 'draining' | 'backing-off' | 'failed' | 'stopped'

const NEXT: Record<EncoderState, readonly EncoderState[]> = {
  idle: ['starting', 'stopped'],
  starting: ['running', 'draining', 'starting', 'backing-off', 'idle', 'stopped'],
  running: ['draining', 'starting', 'backing-off', 'idle', 'stopped'],
  draining: ['idle', 'starting', 'backing-off', 'stopped'],
  'backing-off': ['starting', 'failed', 'idle', 'stopped'],
  failed: ['stopped'],
  stopped: []
}

export function canFollow (from: EncoderState, to: EncoderState): boolean {
  return NEXT[from].includes(to)
}
