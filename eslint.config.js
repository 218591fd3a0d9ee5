import neostandard, { resolveIgnoresFromGitignore } from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: [...resolveIgnoresFromGitignore(), 'test/fixtures/chromium/**'] }),
  {
    // A promise that nobody waits for is marked as such.
    rules: { 'no-void': ['error', { allowAsStatement: true }] }
  },
  {
    files: ['test/browser/**/*.js'],
    languageOptions: { globals: { window: 'readonly', document: 'readonly', navigator: 'readonly', location: 'readonly', MediaRecorder: 'readonly', io: 'readonly' } }
  }
]
