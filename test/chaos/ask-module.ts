import type { ServerProcess } from './server-process.ts'

const ANSWER_MS = 10_000

/**
 * Asks a module that a server was started with, over IPC. The answer says in `answer` what was asked.
 * @throws Error when none comes
 */
export async function askModule<Answer extends { answer: string }> (server: ServerProcess, question: { ask: Answer['answer'], [more: string]: unknown }): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const settle = (action: () => void) => {
      clearTimeout(timer)
      server.off('message', hear)
      action()
    }
    const hear = (message: unknown) => { if ((message as Answer).answer === question.ask) settle(() => resolve(message as Answer)) }
    const timer = setTimeout(() => settle(() => reject(new Error(`The server did not answer "${question.ask}" within ${ANSWER_MS} ms`))), ANSWER_MS)
    server.on('message', hear)
    server.send(question)
  })
}
