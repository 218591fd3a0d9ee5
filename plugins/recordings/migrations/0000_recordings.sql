CREATE TABLE "recordings" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "recordings_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"recording_id" text NOT NULL,
	"kind" text NOT NULL,
	"thing_id" text NOT NULL,
	"owner_id" bigint NOT NULL,
	"title" text NOT NULL,
	"state" text DEFAULT 'starting' NOT NULL,
	"problem" text,
	"source" text NOT NULL,
	"source_name" text NOT NULL,
	"provider_id" text,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"duration_seconds" double precision DEFAULT 0 NOT NULL,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "recordings_state" CHECK ("recordings"."state" in ('starting', 'active', 'processing', 'ready', 'failed')),
	CONSTRAINT "recordings_source" CHECK ("recordings"."source" in ('room', 'stream'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX "recordings_recording_id" ON "recordings" USING btree ("recording_id");--> statement-breakpoint
CREATE UNIQUE INDEX "recordings_running" ON "recordings" USING btree ("kind","thing_id") WHERE "recordings"."state" in ('starting', 'active');--> statement-breakpoint
CREATE INDEX "recordings_thing" ON "recordings" USING btree ("kind","thing_id","id");--> statement-breakpoint
CREATE INDEX "recordings_owner" ON "recordings" USING btree ("owner_id","id");--> statement-breakpoint
CREATE INDEX "recordings_under_way" ON "recordings" USING btree ("id") WHERE "recordings"."state" in ('starting', 'active', 'processing');--> statement-breakpoint
CREATE INDEX "recordings_provider_id" ON "recordings" USING btree ("provider_id");