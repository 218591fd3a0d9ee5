import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Server, type ServerOptions } from 'socket.io'

/**
 * What the simplest of servers have in common: each chunk goes into an FFmpeg that writes HLS into a folder of the
 * stream. No limits, no checks, no order, no resume; only an answer to every chunk and to the end, so that the same
 * clients can send. Tells the parent process its port, and ends with it.
 * @param args FFmpeg's, from its input to its codecs
 */
export function serveChunks (http: HttpServer, folder: string, args: readonly string[], options: Partial<ServerOptions> = {}): void {
  const children = new Map<string, ChildProcess>()
  const io = new Server(http, { maxHttpBufferSize: 10_000_000, ...options })
  io.on('connection', socket => {
    socket.on('start-stream', ({ streamKey }: { streamKey: string }, answer: (started: object) => void) => {
      mkdirSync(join(folder, streamKey), { recursive: true })
      const hls = ['-f', 'hls', '-hls_time', '2', '-hls_list_size', '6', '-hls_flags', 'delete_segments', join(folder, streamKey, 'stream.m3u8')]
      const child = spawn('ffmpeg', ['-loglevel', 'fatal', ...args, ...hls], { stdio: ['pipe', 'ignore', 'inherit'] })
      child.stdin!.on('error', () => {})
      children.set(streamKey, child)
      answer({ streamKey })
    })
    socket.on('stream-data', ({ streamKey, seq, chunk }: { streamKey: string, seq: number, chunk: Buffer }, answer: (taken: object) => void) => {
      children.get(streamKey)?.stdin!.write(chunk)
      answer({ seq, safeSeq: seq })
    })
    socket.on('end-stream', ({ streamKey }: { streamKey: string }, answer: (ended: object) => void) => {
      const child = children.get(streamKey)
      child?.once('close', () => answer({ streamKey }))
      child?.stdin!.end()
    })
  })
  http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as AddressInfo).port }))
  process.on('disconnect', () => {
    for (const child of children.values()) child.kill('SIGKILL')
    process.exit(0)
  })
}
