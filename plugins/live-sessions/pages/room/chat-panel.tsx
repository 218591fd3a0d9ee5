import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent, type ReactElement } from 'react'
import { Button } from '../../../../src/ui/button.tsx'
import { TextArea } from '../../../../src/ui/field.tsx'
import { Panel } from '../../../../src/ui/panel.tsx'
import { VisuallyHidden } from '../../../../src/ui/visually-hidden.tsx'
import { timeText } from '../sessions/words.ts'
import { excessOf, MAX_CHAT_BYTES, type ChatMessage } from './connection.ts'

interface ChatPanelProps {
  messages: readonly ChatMessage[]
  /** Whether it can be sent now. */
  isConnected: boolean
  say: (text: string) => Promise<void>
}

/** What people write to each other. */
export function ChatPanel ({ messages, isConnected, say }: ChatPanelProps): ReactElement {
  const list = useRef<HTMLUListElement>(null)
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<string>()
  const now = new Date()

  // Who reads what was said earlier is not torn away from it.
  const isAtEnd = useRef(true)
  useEffect(() => {
    const element = list.current!
    if (isAtEnd.current) element.scrollTop = element.scrollHeight
  }, [messages])
  const scrolled = () => {
    const { scrollHeight, scrollTop, clientHeight } = list.current!
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < 32
  }

  const send = async (event: FormEvent) => {
    event.preventDefault()
    const said = text.trim()
    if (said === '') return
    if (!isConnected) {
      setProblem('There is no connection at the moment. What you wrote stays here.')
      return
    }
    if (excessOf(said) > 0) {
      setProblem(`That is too long: a message has at most ${MAX_CHAT_BYTES} bytes.`)
      return
    }
    setProblem(undefined)
    isAtEnd.current = true
    // At once: Enter sends nothing twice, and what is typed meanwhile is another message.
    setText('')
    try {
      await say(said)
    } catch {
      setText(typed => typed === '' ? said : `${said}\n${typed}`)
      setProblem('That could not be sent. Try again in a moment.')
    }
  }
  const sendByEnter = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) void send(event)
  }

  return (
    <Panel aria-labelledby='room-chat'>
      <h2 id='room-chat'>Chat</h2>
      {messages.length === 0 && <p className='room-quiet'>Nobody has written since you came.</p>}
      <ul ref={list} className='room-messages' role='log' aria-labelledby='room-chat' tabIndex={0} onScroll={scrolled}>
        {messages.map(({ key, name, text, at, isYours }) => (
          <li key={key} className={isYours ? 'room-message room-message-yours' : 'room-message'}>
            <p className='room-message-head'><strong>{isYours ? 'You' : name}</strong> <time dateTime={at.toISOString()}>{timeText(at.toISOString(), now)}</time></p>
            <p className='room-message-text'>{text}</p>
          </li>
        ))}
      </ul>
      <form className='room-say' onSubmit={event => { void send(event) }}>
        <TextArea label={<VisuallyHidden>Message</VisuallyHidden>} rows={2} placeholder='Write a message' value={text} error={problem} onChange={event => setText(event.target.value)} onKeyDown={sendByEnter} />
        <Button type='submit' kind='quiet'>Send</Button>
      </form>
    </Panel>
  )
}
