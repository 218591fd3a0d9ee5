import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { newFolder } from './host.ts'

/** A key and a certificate for this machine, of the test alone; undefined without the program `openssl`. */
export async function certificate (t: Test): Promise<{ key: string, cert: string } | undefined> {
  const folder = await newFolder(t)
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  try {
    await promisify(execFile)('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
      '-keyout', key, '-out', cert, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'
    ])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    t.comment('no openssl here: hosts with TLS were not tried')
    return undefined
  }
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
}
