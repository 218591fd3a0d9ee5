import { Component, type ReactNode } from 'react'
import { Button } from '../../../src/ui/button.tsx'
import { NoticePage } from '../../../src/ui/notice-page.tsx'

interface Failure { failed: boolean }

/** A page that could not be loaded, or that broke, says so and offers the way on. */
export class ErrorBoundary extends Component<{ children: ReactNode }, Failure> {
  override state: Failure = { failed: false }

  static getDerivedStateFromError (): Failure {
    return { failed: true }
  }

  override componentDidCatch (): void {
    document.title = 'Not shown · Headwater'
    document.querySelector('h1')?.focus()
  }

  override render (): ReactNode {
    if (!this.state.failed) return this.props.children
    return (
      <NoticePage title='This page could not be shown' action={<Button onClick={() => location.reload()}>Load it again</Button>}>
        The server may be away or have just been updated. If loading the page again does not help, the fault is ours.
      </NoticePage>
    )
  }
}
