import { DockerfileParser, type Copy, type From, type Instruction } from 'dockerfile-ast'

export interface Step {
  keyword: string
  /** All behind the keyword, with lines that go on joined. */
  text: string
  line: number
}

export interface CopyStep extends Step {
  keyword: 'COPY'
  /** The stage that it takes from; the context otherwise. */
  from: string | undefined
  sources: string[]
  target: string
}

export interface Stage {
  name: string | undefined
  image: string
  steps: Array<Step | CopyStep>
}

export const isCopy = (step: Step): step is CopyStep => step.keyword === 'COPY'

/** The stages of a Dockerfile, from its text. */
export function readDockerfile (text: string): Stage[] {
  const stages: Stage[] = []
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction.getKeyword() === 'FROM') stages.push({ name: (instruction as From).getBuildStage() ?? undefined, image: (instruction as From).getImage() ?? '', steps: [] })
    else stages.at(-1)?.steps.push(stepOf(instruction))
  }
  return stages
}

function stepOf (instruction: Instruction): Step | CopyStep {
  const step = { keyword: instruction.getKeyword(), text: (instruction.getArgumentsContent() ?? '').replaceAll(/\\\n\s*/g, ' ').trim(), line: instruction.getRange().start.line + 1 }
  if (step.keyword !== 'COPY') return step
  const words = instruction.getArguments().map(argument => argument.getValue()).filter(word => !word.startsWith('--'))
  return { ...step, keyword: 'COPY', from: (instruction as Copy).getFromFlag()?.getValue() ?? undefined, sources: words.slice(0, -1), target: words.at(-1) ?? '' }
}

/** The last of a kind in a stage counts. */
export function lastOf (stage: Stage, keyword: string): Step | undefined {
  return stage.steps.findLast(step => step.keyword === keyword)
}

/** What is in exec form: the words of a JSON array. @throws Error when it is not */
export function execForm ({ text, keyword }: Step): string[] {
  const at = text.indexOf('[')
  const words: unknown = at === -1 ? undefined : JSON.parse(text.slice(at))
  if (!Array.isArray(words) || !words.every(word => typeof word === 'string')) throw new Error(`${keyword} is not in exec form`)
  return words
}

/** The variables that the `ENV`s of a stage set. */
export function environmentOf (stage: Stage): Record<string, string> {
  return Object.fromEntries(stage.steps.filter(({ keyword }) => keyword === 'ENV').flatMap(({ text }) => text.split(/\s+/)).map(pair => {
    const at = pair.indexOf('=')
    return [pair.slice(0, at), pair.slice(at + 1)]
  }))
}
