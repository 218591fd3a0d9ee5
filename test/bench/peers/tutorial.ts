/**
 * What tutorials on live streaming from a browser build: Express for the files, Socket.IO for the chunks, and
 * libx264 for everything. The answer to every chunk and to the end is ours, so that the same clients can send.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import express from 'express'
import { Server } from 'socket.io'

const [, , folder = '.'] = process.argv
const children = new Map<string, ChildProcess>()

const app = express()
app.use('/livestream', express.static(folder))
const http = createServer(app)
const io = new Server(http, { cors: { origin: '*' }, maxHttpBufferSize: 10_000_000 })
io.on('connection', socket => {
  socket.on('start-stream', ({ streamKey }: { streamKey: string }, answer: (started: object) => void) => {
    mkdirSync(join(folder, streamKey), { recursive: true })
    const child = spawn('ffmpeg', [
      '-loglevel', 'fatal', '-i', '-',
      '-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-c:a', 'aac', '-ar', '44100', '-b:a', '128k',
      '-f', 'hls', '-hls_time', '2', '-hls_list_size', '6', '-hls_flags', 'delete_segments', join(folder, streamKey, 'stream.m3u8')
    ], { stdio: ['pipe', 'ignore', 'inherit'] })
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
