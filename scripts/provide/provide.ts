import { spawn } from 'node:child_process'
import { describeMachine, findTool } from './find.ts'
import { planInstall, type Command, type Tool } from './plan.ts'

/** A tool is missing, and the message says what to do about it. */
export class ToolMissing extends Error {
  override readonly name = 'ToolMissing'
}

/** @see provideAll @returns the path of the tool */
export async function provide (tool: Tool): Promise<string> {
  return (await provideAll([tool])).get(tool)!
}

/**
 * Makes sure of tools: looks for them first, then installs what is missing where that works without a
 * question, saying so on standard error.
 * @returns their paths
 * @throws ToolMissing with one exact instruction
 */
export async function provideAll (tools: readonly Tool[]): Promise<Map<Tool, string>> {
  const { found, missing } = await look(tools)
  if (missing.length === 0) return found
  const givenWrong = missing.filter(({ given }) => given)
  if (givenWrong.length > 0) throw new ToolMissing(givenWrong.map(({ problem }) => problem).join('\n'))

  const names = missing.map(({ tool }) => tool)
  const machine = await describeMachine()
  const plan = planInstall(names, machine)
  if (plan.kind === 'instruct') throw new ToolMissing(`Missing: ${names.join(', ')}. ${plan.text}`)
  say(`Missing: ${names.join(', ')}. Installing with ${machine.manager} (HEADWATER_NO_INSTALL=1 keeps it from doing so).`)
  for (const command of plan.commands) {
    if (!await runCommand(command) && command.mayFail !== true) break
  }
  const second = await look(names)
  if (second.missing.length > 0) {
    const byHand = planInstall(second.missing.map(({ tool }) => tool), { ...machine, manager: undefined })
    const problems = second.missing.map(({ problem }) => problem).join('\n')
    throw new ToolMissing(`The installation did not help. ${problems}\n${byHand.kind === 'instruct' ? byHand.text : ''}`)
  }
  return new Map([...found, ...second.found])
}

interface Missing {
  tool: Tool
  problem: string
  given: boolean
}

async function look (tools: readonly Tool[]): Promise<{ found: Map<Tool, string>, missing: Missing[] }> {
  const results = await Promise.all(tools.map(async tool => ({ tool, ...await findTool(tool) })))
  return {
    found: new Map(results.flatMap(result => 'path' in result ? [[result.tool, result.path]] : [])),
    missing: results.flatMap(result => 'path' in result ? [] : [result])
  }
}

/** Runs a command for everybody to see; its words go to standard error, so that standard output stays ours. */
async function runCommand ({ line }: Command): Promise<boolean> {
  const [program = '', ...args] = line
  say(`> ${line.join(' ')}`)
  const child = spawn(program, args, { stdio: ['ignore', 2, 2] })
  return await new Promise(resolve => {
    child.once('error', error => {
      say(error.message)
      resolve(false)
    })
    child.once('close', code => resolve(code === 0))
  })
}

function say (text: string): void {
  process.stderr.write(`${text}\n`)
}
