import { posix } from 'node:path'
import { EncodedFileOutput, EncodedFileType, S3Upload } from 'livekit-server-sdk'
import type { LivekitConfig } from '../../../src/config/livekit.ts'
import type { PlatformConfig } from '../../../src/config/platform.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'

/** The bucket that objects are in. */
export type Bucket = Pick<PlatformConfig, 's3Bucket' | 's3Endpoint' | 's3Region' | 's3AccessKeyId' | 's3SecretAccessKey' | 's3PathStyle'>

/** Where LiveKit writes recordings to. @param path below that place */
export type EgressOutput = (path: string) => EncodedFileOutput

/**
 * @returns undefined where LiveKit does not record
 * @throws HeadwaterError `CONFIG_INVALID` where it is to write to a bucket, and there is none
 */
export function egressOutput ({ egressS3, egressDir }: Pick<LivekitConfig, 'egressS3' | 'egressDir'>, bucket: Bucket): EgressOutput | undefined {
  if (egressS3 === 'on') {
    if (bucket.s3Bucket === '') throw new HeadwaterError('CONFIG_INVALID', { message: 'LiveKit is to write recordings to a bucket (LIVEKIT_EGRESS_S3), and none is set (S3_BUCKET)' })
    return path => new EncodedFileOutput({ fileType: EncodedFileType.MP4, filepath: path, output: { case: 's3', value: uploadOf(bucket) } })
  }
  return egressDir === '' ? undefined : path => new EncodedFileOutput({ fileType: EncodedFileType.MP4, filepath: posix.join(egressDir, path) })
}

function uploadOf ({ s3Bucket, s3Endpoint, s3Region, s3AccessKeyId, s3SecretAccessKey, s3PathStyle }: Bucket): S3Upload {
  return new S3Upload({ bucket: s3Bucket, endpoint: s3Endpoint, region: s3Region, accessKey: s3AccessKeyId, secret: s3SecretAccessKey, forcePathStyle: s3PathStyle === 'on' })
}
