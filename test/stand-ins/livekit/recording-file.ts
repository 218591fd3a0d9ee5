import { copyFile, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ffmpeg, ffprobe } from '../../fixtures/generate.ts'
import { recording } from '../../fixtures/recording.ts'
import { part, text, type Fields } from './fields.ts'

/** What was written where, in truth. */
export interface WrittenFile {
  filename: string
  location: string
  bytes: number
  durationMs: number
}

/** Where a recording goes to: an `EncodedFileOutput` of a request. */
export interface FileOutput {
  filepath: string
  s3: Fields | undefined
}

export function fileOutputOf (fields: Fields, room: { name: string, sid: string }): FileOutput {
  const now = new Date().toISOString()
  const path = text(fields, 'filepath')
    .replaceAll('{room_name}', room.name)
    .replaceAll('{room_id}', room.sid)
    .replaceAll('{time}', now.slice(0, 19).replaceAll(/[T:]/g, '-'))
    .replaceAll('{utc}', now.replaceAll(/\D/g, ''))
  return { filepath: path.endsWith('.mp4') ? path : `${path}.mp4`, s3: part(fields, 's3') }
}

/** Picture and sound of so many whole seconds. */
export async function writeFileOf (seconds: number, { filepath, s3 }: FileOutput): Promise<WrittenFile> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-egress-'))
  try {
    const path = join(folder, 'recording.mp4')
    await ffmpeg(['-f', 'matroska', '-i', 'pipe:0', '-c', 'copy', '-movflags', '+faststart', path], await recording({ seconds }))
    const location = s3 === undefined ? await toFolder(filepath, path) : await toBucket(s3, filepath, path)
    return { filename: filepath, location, bytes: (await stat(path)).size, durationMs: await durationOf(path) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** It is there whole or not at all. */
async function toFolder (filepath: string, path: string): Promise<string> {
  await mkdir(dirname(filepath), { recursive: true })
  await copyFile(path, `${filepath}.part`)
  await rename(`${filepath}.part`, filepath)
  return filepath
}

async function toBucket (s3: Fields, key: string, path: string): Promise<string> {
  const { PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3')
  const bucket = text(s3, 'bucket')
  const endpoint = text(s3, 'endpoint')
  const client = new S3Client({
    region: text(s3, 'region') || 'us-east-1',
    forcePathStyle: s3['forcePathStyle'] === true,
    credentials: { accessKeyId: text(s3, 'accessKey'), secretAccessKey: text(s3, 'secret') },
    ...(endpoint === '' ? {} : { endpoint })
  })
  try {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: await readFile(path), ContentType: 'video/mp4' }))
  } finally {
    client.destroy()
  }
  return endpoint === '' ? `https://${bucket}.s3.amazonaws.com/${key}` : `${endpoint.replace(/\/$/, '')}/${bucket}/${key}`
}

async function durationOf (path: string): Promise<number> {
  return Math.round(Number(await ffprobe(['-show_entries', 'format=duration', '-of', 'csv=p=0', path])) * 1000)
}
