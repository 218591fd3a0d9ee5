/** Every text of this API that people read, in the words of the original (docs/api/ivs.md). */
import type { IvsConfig } from '../../src/config/ivs.ts'
import type { ErrorCode } from '../../src/errors/catalogue.ts'

/** The codes of section 4. */
export const WIRE_CODES = [
  'VALIDATION_ERROR', 'UNAUTHORIZED', 'FORBIDDEN', 'NOT_FOUND', 'STAGE_FULL', 'STAGE_LIMIT_REACHED',
  'TOKEN_GENERATION_FAILED', 'INTERNAL_ERROR', 'RATE_LIMIT_EXCEEDED', 'SERVICE_UNAVAILABLE'
] as const

export type WireCode = typeof WIRE_CODES[number]

type Limits = Pick<IvsConfig, 'maxParticipants' | 'maxStages'>

/** What a code means. */
export function codeTexts ({ maxParticipants, maxStages }: Limits): Record<WireCode, string> {
  return {
    VALIDATION_ERROR: '請求參數驗證失敗',
    UNAUTHORIZED: '未授權',
    FORBIDDEN: '禁止訪問',
    NOT_FOUND: '資源不存在',
    STAGE_FULL: `Stage 已滿（達到 ${maxParticipants} 人上限）`,
    STAGE_LIMIT_REACHED: `Stage 數量已達上限（${maxStages} 個）`,
    TOKEN_GENERATION_FAILED: 'Token 生成失敗',
    INTERNAL_ERROR: '內部服務器錯誤',
    RATE_LIMIT_EXCEEDED: '請求過於頻繁，請稍後再試',
    SERVICE_UNAVAILABLE: '服務不可用'
  }
}

/** What is said instead of the general words, by the error that was thrown. */
export type ErrorTexts = Partial<Record<ErrorCode, string>>

export const EVERYWHERE: ErrorTexts = {
  MASTER_STAGE: '無法刪除主 Stage',
  STAGE_NOT_EMPTY: 'Stage 中仍有觀眾，無法刪除'
}

export const OF_VIEWER_TOKENS: ErrorTexts = {
  NOT_FOUND: '主播直播不存在',
  STAGE_FULL: 'Stage 已滿，請稍後再試'
}

export function ofNewStages ({ maxStages }: Pick<Limits, 'maxStages'>): ErrorTexts {
  return { STAGE_LIMIT_REACHED: `已達到 Stage 數量上限 (${maxStages})` }
}

/** @param fields the names of those that are missing */
export function missingText (fields: readonly string[]): string {
  return fields.length === 1 ? `缺少 ${fields[0]!}` : '缺少必要參數'
}

export const STAGE_DELETED = 'Stage 已刪除'
export const HEARTBEAT_UPDATED = '心跳更新成功'
export const VIEWER_LEFT = '觀眾離開記錄成功'
/** In the instructions for OBS: the token stands above. */
export const USE_TOKEN_ABOVE = '<使用上方的 token>'
