import { Suspense, type ReactElement } from 'react'
import { matchRoute, Router, useLocation, useRouter } from 'wouter'
import { MastheadEnd } from '../../../src/ui/masthead.tsx'
import { ROOT_PATH } from '../../../src/ui/root.ts'
import { Arrival } from './arrival.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { foundPages, foundParts, type FoundPage } from './found-pages.ts'
import { NotFound } from './not-found.tsx'

/** All pages of all features, below wherever the server is. */
export function App (): ReactElement {
  return (
    <Router base={ROOT_PATH}>
      <MastheadEnd.Provider value={MASTHEAD_PARTS}><CurrentPage /></MastheadEnd.Provider>
    </Router>
  )
}

/** They come together with the page, so nothing moves aside for them. */
const MASTHEAD_PARTS = foundParts.map((Part, index) => <Part key={index} />)

function CurrentPage (): ReactElement {
  const [location] = useLocation()
  const { parser } = useRouter()
  for (const page of foundPages) {
    const [matches, params] = matchRoute(parser, page.path, location)
    if (matches) return <Shown key={location} page={page} params={params as Record<string, string>} />
  }
  return <Arrived title='Not found'><NotFound title='There is no page here' text='Please check the address.' /></Arrived>
}

function Shown ({ page, params }: { page: FoundPage, params: Record<string, string> }): ReactElement {
  const { Component, params: patterns = {}, otherwise } = page
  const fits = Object.entries(patterns).every(([name, pattern]) => pattern.test(params[name] ?? ''))
  if (!fits) return <Arrived title='Not found'><NotFound title={otherwise?.title ?? 'There is no page here'} text={otherwise?.text ?? 'Please check the address.'} /></Arrived>
  return <Arrived title={page.title}><Component params={params} /></Arrived>
}

/** Only what has been loaded has arrived. */
function Arrived ({ title, children }: { title: string, children: ReactElement }): ReactElement {
  return (
    <ErrorBoundary>
      <Suspense fallback={<main aria-busy='true' />}>
        <Arrival title={title} />
        {children}
      </Suspense>
    </ErrorBoundary>
  )
}
