import type { ReactElement, ReactNode } from 'react'
import { Link } from 'wouter'
import './picture-card.css'

interface PictureCardProps {
  /** Path of the page that it leads to. */
  to: string
  title: string
  /** An `img`, or a sign where there is none. */
  picture: ReactNode
  /** The ground is that of a picture: dark. */
  isStage: boolean
  /** On the picture. */
  badges: ReactNode
  /** Below: lines of words, and what can be done. */
  children: ReactNode
}

/** Something to watch, in a list: picture and title are the way to it. Several stand in a `ul` of the class `picture-cards`. */
export function PictureCard ({ to, title, picture, isStage, badges, children }: PictureCardProps): ReactElement {
  return (
    <article className='picture-card'>
      <Link href={to} className='picture-card-way'>
        <div className={`picture-card-frame${isStage ? ' picture-card-stage' : ''}`}>
          {picture}
          <span className='picture-card-badges'>{badges}</span>
        </div>
        <h2>{title}</h2>
      </Link>
      {children}
    </article>
  )
}
