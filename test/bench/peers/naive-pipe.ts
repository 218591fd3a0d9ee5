/** The least that a Node server can do: Socket.IO into `ffmpeg -c copy`. */
import { createServer } from 'node:http'
import { serveChunks } from './chunk-server.ts'

const [, , folder = '.'] = process.argv
serveChunks(createServer(), folder, ['-i', 'pipe:0', '-c', 'copy'], { serveClient: false })
