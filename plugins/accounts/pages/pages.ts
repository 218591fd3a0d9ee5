import type { MastheadPart, Page } from '../../../src/ui/page.ts'

const needs = 'headwater-accounts'

/** The pages of accounts: there where the server has any. */
export const pages: readonly Page[] = [
  { needs, path: '/register', title: 'Create an account', module: 'register/register-page.tsx' },
  { needs, path: '/login', title: 'Log in', module: 'login/login-page.tsx' },
  { needs, path: '/forgot-password', title: 'Forgotten password', module: 'forgot/forgot-page.tsx' },
  { needs, path: '/reset-password', title: 'New password', module: 'reset/reset-page.tsx' },
  { needs, path: '/profile', title: 'Your profile', module: 'profile/profile-page.tsx' },
  { needs, path: '/admin/users', title: 'Users', module: 'users/users-page.tsx' }
]

/** Who is logged in, or the way to log in. */
export const mastheadPart: MastheadPart = { needs, module: 'session/session-part.tsx' }
