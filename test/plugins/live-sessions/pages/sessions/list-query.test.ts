import t from 'tap'
import { apiQueryOf, pathOf, queryOf } from '../../../../../plugins/live-sessions/pages/sessions/list-query.ts'

const KNOWN = { status: (value: string) => ['live', 'ended'].includes(value), type: (value: string) => value === 'coding' }

t.test('what makes no sense in an address counts as not given', async t => {
  t.strictSame(queryOf('?status=live&type=coding&page=3', KNOWN), { filters: { status: 'live', type: 'coding' }, page: 3 })
  for (const page of ['0', '-1', '1.5', 'x', '', '1e99']) t.equal(queryOf(`?page=${page}`, KNOWN).page, 1, page)
  t.strictSame(queryOf('?status=toString&type=&other=1', KNOWN), { filters: { status: '', type: '' }, page: 1 })
})

t.test('one comes back to the same by the address', async t => {
  for (const query of [{ filters: { status: '', type: '' }, page: 1 }, { filters: { status: 'ended', type: 'coding' }, page: 2 }]) {
    const path = pathOf('/live', query)
    t.strictSame(queryOf(new URL(path, 'http://host').search, KNOWN), query, path)
  }
  t.equal(pathOf('/live', { filters: { status: '', type: '' }, page: 1 }), '/live')
})

t.test('what the API is asked', async t => {
  t.strictSame(Object.fromEntries(apiQueryOf({ filters: { status: 'live', type: '' }, page: 2 }, { is_public: 'true' })), { is_public: 'true', status: 'live', page: '2', page_size: '24' })
})
