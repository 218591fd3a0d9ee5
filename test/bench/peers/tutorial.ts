/** What tutorials on live streaming from a browser build: Express for the files, Socket.IO for the chunks, and libx264 for everything. */
import { createServer } from 'node:http'
import express from 'express'
import { serveChunks } from './chunk-server.ts'

const [, , folder = '.'] = process.argv
const app = express()
app.use('/livestream', express.static(folder))
const encode = ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-c:a', 'aac', '-ar', '44100', '-b:a', '128k']
serveChunks(createServer(app), folder, ['-i', '-', ...encode], { cors: { origin: '*' } })
