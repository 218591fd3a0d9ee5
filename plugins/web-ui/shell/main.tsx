import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import '../../../src/ui/tokens.css'
import '../../../src/ui/base.css'
import { App } from './app.tsx'
import { reloadAfterUpdate } from './reload-after-update.ts'

reloadAfterUpdate()
createRoot(document.getElementById('root')!).render(<StrictMode><App /></StrictMode>)
